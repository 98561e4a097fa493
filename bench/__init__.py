"""What prints the numbers that the project promises."""

"""What one pass over an unchanged cluster costs, beside another commit."""

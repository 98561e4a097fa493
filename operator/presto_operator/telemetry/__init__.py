"""Metrics and logging, and the HTTP endpoint that shows them."""

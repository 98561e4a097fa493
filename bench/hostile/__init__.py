"""What tenants who mean harm cost the operator, and the other tenants."""

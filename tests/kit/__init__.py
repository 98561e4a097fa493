"""What tests and the demo have in common: resources as people see them, the operator, and SQL."""

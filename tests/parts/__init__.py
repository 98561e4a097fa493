"""`make test`: its parts one after the other, what they need fetched beside them, and a table of what they took."""

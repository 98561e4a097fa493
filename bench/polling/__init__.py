"""How many clusters one operator can poll without falling behind."""

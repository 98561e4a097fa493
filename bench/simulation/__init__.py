"""Random courses of events against the real passes, by the hundred thousand."""

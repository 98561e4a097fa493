"""`make demo`: everything that the operator does, on a real cluster, before one's eyes."""

"""A day in a minute: autoscaling's real decisions, and others', on the same generated load."""

"""Random courses of events against the real passes, in a Kubernetes that is simulated: see README.md."""

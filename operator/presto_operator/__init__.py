"""presto-operator: runs Presto clusters on Kubernetes spot nodes so that nobody has to look after them."""

__version__ = "0.1.0"

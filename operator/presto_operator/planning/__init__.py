"""What is to be done about a cluster, from what was seen and what its status remembers. Pure."""

from presto_operator.planning.plan import Plan, plan

__all__ = ["Plan", "plan"]

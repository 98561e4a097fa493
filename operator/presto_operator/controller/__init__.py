"""The loop: what wakes it, what it decides, and what it reports."""

from presto_operator.controller.operator import run
from presto_operator.controller.plan import Plan, plan

__all__ = ["Plan", "plan", "run"]

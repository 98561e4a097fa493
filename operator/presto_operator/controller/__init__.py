"""The loop: what wakes it, what it decides, and what it reports."""

from presto_operator.controller.operator import run
from presto_operator.controller.scope import Scope

__all__ = ["Scope", "run"]

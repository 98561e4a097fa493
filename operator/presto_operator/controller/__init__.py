"""The loop: what wakes it, what it decides, and what it reports."""

from presto_operator.controller.operator import run

__all__ = ["run"]

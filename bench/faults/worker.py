"""A worker of Presto, as it was seen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Worker:
    """A worker, and the moments of its life by the monotonic clock; None: that has not come."""

    name: str
    node: str | None = None
    is_ready: bool = False
    ready_at: float | None = None
    leaving_at: float | None = None
    """When its deletionTimestamp was seen, which is when its preStop hook begins."""
    shutting_down_at: float | None = None
    """When Presto itself said that it shuts down."""
    gone_at: float | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether it is ready, and stays."""
        return self.is_ready and self.leaving_at is None and self.gone_at is None

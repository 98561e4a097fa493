"""What is known of a cluster's load at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_SAMPLE_AGE = timedelta(seconds=45)
"""A sample older than this says nothing of the present any more."""


@dataclass(frozen=True)
class Sample:
    """A cluster's queries and the use of its workers, at one moment."""

    at: datetime
    running: int
    """Queries that run and aren't blocked."""
    blocked: int
    """Queries whose every driver waits for something."""
    queued: int
    """Queries that a resource group holds, but not for its concurrency limit."""
    waiting: int
    """Queries in any other state that isn't final: WAITING_FOR_RESOURCES, PLANNING, DISPATCHING and such."""
    held_back: int
    """Queries that a resource group holds for its concurrency limit: more workers would not help them."""
    active_workers: int
    """Workers that the coordinator counts."""
    worker_cpu_percent: float | None
    """Mean use of all processors of the workers that told it; None: none did."""
    workers_with_cpu: int
    """How many workers told their CPU use."""

    @property
    def demand(self) -> int:
        """Queries that workers are needed for."""
        return self.running + self.blocked + self.queued + self.waiting

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for anything."""
        return self.demand + self.held_back == 0

    def is_fresh(self, now: datetime) -> bool:
        """Whether it still speaks of the present."""
        return now - self.at <= MAX_SAMPLE_AGE

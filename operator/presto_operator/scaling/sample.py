"""A cluster's load at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_SAMPLE_AGE = timedelta(seconds=45)
"""Older samples are ignored."""


@dataclass(frozen=True)
class Sample:
    """A cluster's queries and the CPU use of its workers at one moment."""

    at: datetime
    running: int
    """Queries that are running and not blocked."""
    blocked: int
    """Queries all of whose drivers are blocked."""
    queued: int
    """Queries that a resource group queues, but not because of its concurrency limit."""
    waiting: int
    """Queries in any other unfinished state: WAITING_FOR_RESOURCES, PLANNING, DISPATCHING and so on."""
    held_back: int
    """Queries that a resource group queues because of its concurrency limit: more workers don't help them."""
    active_workers: int
    """Active workers by the coordinator's count."""
    worker_cpu_percent: float | None
    """Mean CPU use of the workers that reported it, in percent of all their CPUs; None if none did."""
    workers_with_cpu: int
    """Workers that reported their CPU use."""

    @property
    def demand(self) -> int:
        """Queries that need workers."""
        return self.running + self.blocked + self.queued + self.waiting

    @property
    def is_idle(self) -> bool:
        """Whether there are no queries at all."""
        return self.demand + self.held_back == 0

    def is_fresh(self, now: datetime) -> bool:
        """Whether it is recent enough to decide by."""
        return now - self.at <= MAX_SAMPLE_AGE

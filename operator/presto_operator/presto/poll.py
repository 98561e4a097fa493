"""The answer to one poll of a cluster's Presto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from presto_operator.presto.stats import ClusterStats


@dataclass(frozen=True)
class Poll:
    """What a cluster's Presto said at one moment."""

    at: datetime
    """When it was asked."""
    stats: ClusterStats
    cpu_percent: float | None = None
    """Mean CPU use of the workers that told it; None: none did, or they weren't asked."""
    workers_with_cpu: int = 0
    """How many workers told it."""

"""How old a cluster's load may be to decide by it."""

from __future__ import annotations

from datetime import datetime, timedelta

from presto_operator.presto import ClusterLoad

MAX_SAMPLE_AGE = timedelta(seconds=45)
"""A load older than this says nothing of the present any more."""


def is_fresh(load: ClusterLoad, now: datetime) -> bool:
    """Whether a load still describes the present."""
    return now - load.at <= MAX_SAMPLE_AGE

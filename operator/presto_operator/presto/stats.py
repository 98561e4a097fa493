"""What a coordinator says of its cluster. Pure: `presto_operator.polling.presto_client` asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CLUSTER_PATH = "/v1/cluster"


class PrestoUnavailableError(Exception):
    """Presto did not answer, or not with what it should have."""


class PrestoNotFoundError(PrestoUnavailableError):
    """Presto knows no such thing."""


@dataclass(frozen=True)
class ClusterStats:
    """What a coordinator says of its cluster, most of it at `/v1/cluster`."""

    running_queries: int
    """Queries that run; those that are blocked aren't among them."""
    blocked_queries: int
    queued_queries: int
    """Queries that a resource group holds, for whatever limit."""
    active_workers: int
    waiting_queries: int = 0
    """Queries in states that `/v1/cluster` leaves out: WAITING_FOR_RESOURCES, PLANNING, DISPATCHING and such."""
    held_back_queries: int = 0
    """Those of the queued ones that are held for a concurrency limit: more workers don't help them."""


def cluster_stats(answer: Any) -> ClusterStats:
    """The numbers in a coordinator's answer.

    Raises:
        PrestoUnavailableError: it lacks one of them.
    """
    if not isinstance(answer, Mapping):
        raise PrestoUnavailableError(f"{CLUSTER_PATH} answered no JSON object")
    return ClusterStats(
        running_queries=_count(answer, "runningQueries"),
        blocked_queries=_count(answer, "blockedQueries"),
        queued_queries=_count(answer, "queuedQueries"),
        active_workers=_count(answer, "activeWorkers"),
    )


def _count(answer: Mapping[str, Any], name: str) -> int:
    try:
        return int(answer[name])
    except (KeyError, OverflowError, TypeError, ValueError):
        raise PrestoUnavailableError(f"{CLUSTER_PATH} answered without a usable {name}: {answer.get(name)!r}") from None

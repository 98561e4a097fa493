"""Which workers a scale-down removes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Candidate:
    """A worker of one Deployment that could be removed."""

    name: str
    created_at: datetime
    is_ready: bool = True
    is_available: bool = True
    """Whether it has been ready for long enough that its coordinator knows it: only then does it serve."""
    is_first_to_go: bool = False
    """Whether its node may go away."""
    is_to_be_replaced: bool = False
    """Whether another worker is to replace it because of that; `is_first_to_go` is set then, too."""
    running_tasks: int | None = None
    """None if unknown, which counts as many."""


@dataclass(frozen=True)
class Departure:
    """The workers to remove, by name."""

    chosen: tuple[str, ...] = ()
    """All of them, the first to remove first."""
    deleted: tuple[str, ...] = ()
    """Those that have to be deleted one by one: Kubernetes would remove others that aren't ready, or none."""


def departure(candidates: Sequence[Candidate], *, fewer: int, to_be_replaced: int = 0) -> Departure:
    """Choose the workers of one Deployment to remove.

    Workers that have been replaced come first. The others are removed in Kubernetes' own order: workers that aren't
    ready first, then those that have been ready only for a moment, as neither serve. Among equals, workers on nodes
    that may go away come first, then those with the fewest running tasks, then the newest.

    Args:
        candidates: its workers, without those that are terminating already.
        fewer: by how many its replicas are about to be lowered.
        to_be_replaced: how many workers that have been replaced may be removed now. Up to `fewer` of them go with the
            lower number of replicas; the rest are deleted, and the ReplicaSet recreates them.
    """
    replaceable = sorted((item for item in candidates if item.is_to_be_replaced), key=_rank)
    replaced = replaceable[: max(0, to_be_replaced)]
    others = sorted((item for item in candidates if item not in replaced), key=_rank)
    count = max(0, fewer - len(replaced))
    replicaset_would_pick_others = len(replaced) > fewer or any(not item.is_ready for item in others[count:])
    return Departure(
        tuple(item.name for item in (*replaced, *others[:count])),
        tuple(item.name for item in replaced) if replicaset_would_pick_others else (),
    )


def depends_on_tasks(candidates: Sequence[Candidate], *, fewer: int) -> bool:
    """Whether the choice depends on how many tasks the workers run."""
    serving = sum(1 for item in candidates if item.is_ready and item.is_available and not item.is_first_to_go)
    return 0 < fewer - (len(candidates) - serving) < serving


def _rank(candidate: Candidate) -> tuple[bool, bool, bool, bool, int, float, str]:
    return (
        candidate.is_ready,
        candidate.is_available,
        not candidate.is_first_to_go,
        candidate.running_tasks is None,
        candidate.running_tasks or 0,
        -candidate.created_at.timestamp(),
        candidate.name,
    )

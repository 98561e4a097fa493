"""Which workers leave when there shall be fewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Candidate:
    """A worker of one Deployment that could leave."""

    name: str
    created_at: datetime
    is_ready: bool = True
    is_first_to_go: bool = False
    """Whether its node may go."""
    is_to_be_replaced: bool = False
    """Whether another worker shall take over from it because of that; it is first to go, then."""
    running_tasks: int | None = None
    """None: not known, which counts as many."""


@dataclass(frozen=True)
class Departure:
    """Who leaves, by name."""

    chosen: tuple[str, ...] = ()
    """All of them, in the order in which they shall go."""
    deleted: tuple[str, ...] = ()
    """Those of them that have to be deleted one by one: where fewer replicas are asked for, Kubernetes takes workers
    that aren't ready first, and it takes none at all where as many as before are wanted."""


def departure(candidates: Sequence[Candidate], *, fewer: int, to_be_replaced: int = 0) -> Departure:
    """Who of the workers of one Deployment leaves.

    Those whose nodes may go are first, then those that aren't ready, then those with the fewest running tasks, and
    among these the newest.

    Args:
        candidates: its workers, without those that leave already.
        fewer: how many replicas less it is about to have.
        to_be_replaced: how many of those that others take over from may go now, as far as they aren't among `fewer`.
    """
    ranked = sorted(candidates, key=_rank)
    replaceable = sum(1 for candidate in ranked if candidate.is_to_be_replaced)
    count = max(0, fewer, min(to_be_replaced, replaceable))
    chosen = ranked[:count]
    is_kubernetes_of_another_mind = count > fewer or any(not candidate.is_ready for candidate in ranked[count:])
    deleted = [item for item in chosen if item.is_first_to_go] if is_kubernetes_of_another_mind else []
    return Departure(tuple(item.name for item in chosen), tuple(item.name for item in deleted))


def depends_on_tasks(candidates: Sequence[Candidate], *, fewer: int) -> bool:
    """Whether it has to be known how many tasks the workers run, to tell who leaves."""
    serving = sum(1 for candidate in candidates if candidate.is_ready and not candidate.is_first_to_go)
    return 0 < fewer - (len(candidates) - serving) < serving


def _rank(candidate: Candidate) -> tuple[bool, bool, bool, bool, int, float, str]:
    return (
        not candidate.is_to_be_replaced,
        not (candidate.is_first_to_go or candidate.is_to_be_replaced),
        candidate.is_ready,
        candidate.running_tasks is None,
        candidate.running_tasks or 0,
        -candidate.created_at.timestamp(),
        candidate.name,
    )

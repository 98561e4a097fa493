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
    is_available: bool = True
    """Whether it has been ready for long enough that its coordinator knows it; only then does it serve."""
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
    """Those of them that have to be deleted one by one, as Kubernetes would take others that aren't ready, or none."""


def departure(candidates: Sequence[Candidate], *, fewer: int, to_be_replaced: int = 0) -> Departure:
    """Who of the workers of one Deployment leaves.

    Those that others have taken over from are first. The others go as Kubernetes would have it, those that aren't
    ready before those that are, and then those that are so since a moment ago: they serve nobody. Among equals it is
    those whose nodes may go, then those with the fewest running tasks, then the newest.

    Args:
        candidates: its workers, without those that leave already.
        fewer: how many replicas less it is about to have.
        to_be_replaced: how many of those that others take over from may go now. As many as `fewer` of them leave by
            that, the others are replaced on the spot.
    """
    replaceable = sorted((item for item in candidates if item.is_to_be_replaced), key=_rank)
    replaced = replaceable[: max(0, to_be_replaced)]
    others = sorted((item for item in candidates if item not in replaced), key=_rank)
    count = max(0, fewer - len(replaced))
    is_kubernetes_of_another_mind = len(replaced) > fewer or any(not item.is_ready for item in others[count:])
    return Departure(
        tuple(item.name for item in (*replaced, *others[:count])),
        tuple(item.name for item in replaced) if is_kubernetes_of_another_mind else (),
    )


def depends_on_tasks(candidates: Sequence[Candidate], *, fewer: int) -> bool:
    """Whether it has to be known how many tasks the workers run, to tell who leaves."""
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

"""When what happened in a scenario, in seconds from its signal. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.faults.worker import Worker


@dataclass
class Timeline:
    """What was seen of a fault; every moment is by the monotonic clock."""

    signal_at: float | None = None
    """When the taint was about to be written, the change asked for, or the node killed; None: nothing was done."""
    killed_at: float | None = None
    replaced_at: float | None = None
    """When as many workers as wanted were ready again, and stayed; after a roll-out, when it had come to its end."""
    concerned: list[Worker] = field(default_factory=list)
    """Workers that had to go."""
    notes: list[str] = field(default_factory=list)
    """What didn't happen in time."""

    def seconds_to(self, moment: float | None) -> float | None:
        """Seconds from the signal; None if either has not been."""
        return None if moment is None or self.signal_at is None else moment - self.signal_at

    def seconds_to_shutdown(self) -> list[float]:
        """Of each concerned worker that shut down, seconds from the signal until Presto said so, in order."""
        return _seen(self.seconds_to(worker.shutting_down_at) for worker in self.concerned)

    def seconds_to_leaving(self) -> list[float]:
        """Of each concerned worker that was deleted before its node, seconds from the signal until that was seen."""
        leaving = (worker.leaving_at for worker in self.concerned if self._is_in_time(worker.leaving_at))
        return _seen(self.seconds_to(moment) for moment in leaving)

    def left_in_time(self) -> int | None:
        """How many concerned workers were gone before their node was; None if no node was killed."""
        if self.killed_at is None:
            return None
        return sum(self._is_in_time(worker.gone_at) for worker in self.concerned)

    def _is_in_time(self, moment: float | None) -> bool:
        return moment is not None and (self.killed_at is None or moment < self.killed_at)


def _seen(moments: Iterable[float | None]) -> list[float]:
    return sorted(moment for moment in moments if moment is not None)

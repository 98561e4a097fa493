"""Whether a node will be removed, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum

_FAR_FUTURE = datetime.max.replace(tzinfo=UTC)


class Urgency(IntEnum):
    """Severity of a node's signal, ordered."""

    NONE = 0
    """No signal."""
    AT_RISK = 1
    """The node may be removed: its workers are the first in line at a scale-down, and are replaced in advance if a
    removal is likely."""
    LEAVING = 2
    """The node is being removed: its workers have to drain now."""
    LOST = 3
    """The node is gone or doesn't recover: what ran there has to be replaced."""

    def __str__(self) -> str:
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True)
class Signal:
    """What a Node object says about the node's removal."""

    urgency: Urgency
    reason: str
    """In CamelCase: a condition's reason, a metric's label."""
    message: str
    """For people, without the node's name."""
    deadline: datetime | None = None
    """When the servers on the node will be killed, if known."""
    notice: timedelta | None = None
    """The minimum time from the beginning of the signal to that moment, if known. The object may not tell when the
    signal began: then whoever watched it begin can compute the deadline."""
    needs_replacement: bool = False
    """Whether to start replacements for the node's workers now. A node that is merely first in line needs none."""

    def deadline_if_begun(self, first_seen: datetime) -> datetime | None:
        """The deadline; if the Node object doesn't tell an earlier one, counted from when the signal was first seen.

        It is too late by the delay with which the signal was seen.
        """
        ends = [self.deadline, first_seen + self.notice if self.notice is not None else None]
        return min((end for end in ends if end is not None), default=None)


NO_SIGNAL = Signal(Urgency.NONE, "NoSignal", "")


def worst(signals: Iterable[Signal]) -> Signal:
    """The most severe of `signals`; `NO_SIGNAL` if there are none.

    Among equally severe ones, it is the one that ends first, then the first by name, so that the result is stable.
    Deadline and notice are the earliest and the shortest of them all, and it needs a replacement if any of them does.
    """
    found = list(signals)
    urgency = max((signal.urgency for signal in found), default=Urgency.NONE)
    worst_ones = [signal for signal in found if signal.urgency == urgency]
    if not worst_ones:
        return NO_SIGNAL
    first = min(
        worst_ones,
        key=lambda signal: (
            not signal.needs_replacement,
            signal.deadline or _FAR_FUTURE,
            signal.notice or timedelta.max,
            signal.reason,
            signal.message,
        ),
    )
    return replace(
        first,
        deadline=min((signal.deadline for signal in worst_ones if signal.deadline is not None), default=None),
        notice=min((signal.notice for signal in worst_ones if signal.notice is not None), default=None),
        needs_replacement=any(signal.needs_replacement for signal in worst_ones),
    )

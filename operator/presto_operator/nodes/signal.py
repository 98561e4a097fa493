"""What is known of a node's future."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum

_FAR_FUTURE = datetime.max.replace(tzinfo=UTC)


class Urgency(IntEnum):
    """How bad it is about a node, in an order that compares."""

    NONE = 0
    """Nothing is known against it."""
    AT_RISK = 1
    """It may go: its workers shall be the first to go, and where it is likely, be replaced before."""
    LEAVING = 2
    """It goes: its workers have to drain now."""
    LOST = 3
    """It is gone, or as good as: what ran there has to be replaced."""

    def __str__(self) -> str:
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True)
class Signal:
    """What a node's object says of its future."""

    urgency: Urgency
    reason: str
    """One word for machines: a condition's reason, a metric's label."""
    message: str
    """For people, without the node's name."""
    deadline: datetime | None = None
    """Until when the servers there have to be done, if that is known."""
    notice: timedelta | None = None
    """The least time between the beginning of the signal and the end of the servers there, where the beginning isn't in
    the object: who has seen it begin knows the deadline."""
    needs_replacement: bool = False
    """Whether workers for those on this node shall be started now. A node that is merely first in line needs none."""

    def deadline_if_begun(self, first_seen: datetime) -> datetime | None:
        """The deadline, reckoned from when the signal was first seen where the node's object doesn't tell it earlier.

        It may be later than the truth by as much as the signal was seen late.
        """
        ends = [self.deadline, first_seen + self.notice if self.notice is not None else None]
        return min((end for end in ends if end is not None), default=None)


NO_SIGNAL = Signal(Urgency.NONE, "NoSignal", "")


def worst(signals: Iterable[Signal]) -> Signal:
    """The most severe of `signals`; none at all: `NO_SIGNAL`.

    Among equals it is that which ends first, and then the first by name, so that it is always the same. Deadline and
    notice are the earliest and the shortest of all of that urgency, and it needs a replacement if any of them does.
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

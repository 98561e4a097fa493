"""The API server's time. Everything that objects say of times is by its clock, or one beside it; ours may be off."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_PRECISION = timedelta(seconds=2)
"""A Date header has whole seconds, and is as old as the answer took: a smaller difference isn't known to be one."""


def _system_time() -> datetime:
    return datetime.now(UTC)


class ServerClock:
    """The API server's time, from the Date headers of its answers. Between them it goes on by a steady clock.

    Before the first answer, and while ours differs by no more than can be known, it is the system's clock.
    """

    def __init__(
        self, system: Callable[[], datetime] = _system_time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        """A clock that has heard nothing yet.

        Args:
            system: the system's time, which may be off or be set.
            steady: seconds that are never set.
        """
        self._system = system
        self._steady = steady
        self._known: tuple[datetime, float] | None = None
        """A moment of this clock, and the steady clock's reading then."""

    def now(self) -> datetime:
        """The time."""
        if self._known is None:
            return self._system()
        moment, reading = self._known
        return moment + timedelta(seconds=self._steady() - reading)

    def hear(self, date: str | None) -> None:
        """Take note of the Date header of an answer that has just come."""
        told = _parsed(date)
        if told is None:
            return
        reading = self._steady()
        # The header cuts off fractions: half a second is the best guess.
        told += timedelta(milliseconds=500)
        before = self.now()
        if self._known is None or abs(told - before) > _PRECISION:
            self._known = (told if abs(told - before) > _PRECISION else before, reading)


def _parsed(date: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

"""The time of a simulated world."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """A time that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let this time pass."""
        self.now += timedelta(seconds=seconds)

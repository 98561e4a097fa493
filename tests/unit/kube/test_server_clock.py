from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from presto_operator.kube.server_clock import ServerClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Machine:
    """A machine whose clock is off."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead
        self.elapsed = 0.0
        self.clock = ServerClock(system=lambda: self.true_time + self.ahead, steady=lambda: self.elapsed)

    @property
    def true_time(self) -> datetime:
        return NOON + timedelta(seconds=self.elapsed)

    @property
    def error(self) -> timedelta:
        """How far the clock is off."""
        return abs(self.clock.now() - self.true_time)

    def hear(self) -> None:
        """An answer of an API server whose clock is right."""
        self.clock.hear(format_datetime(self.true_time.replace(microsecond=0), usegmt=True))


@pytest.mark.parametrize("seconds", [65, -65, 3600, -3600])
def test_a_clock_that_is_off_is_put_right_by_the_first_answer(seconds: int) -> None:
    machine = Machine(timedelta(seconds=seconds))
    machine.hear()
    assert machine.error <= SECOND
    machine.elapsed += 7200.4
    assert machine.error <= SECOND


def test_a_clock_that_is_right_stays_as_exact_as_it_is() -> None:
    machine = Machine(timedelta(0))
    for _ in range(50):
        machine.elapsed += 0.7
        machine.hear()
        assert machine.error < timedelta(milliseconds=1)


def test_a_clock_that_is_set_changes_nothing() -> None:
    machine = Machine(timedelta(0))
    machine.hear()
    machine.ahead = timedelta(hours=1)
    assert machine.error < timedelta(milliseconds=1)


def test_an_api_server_whose_clock_is_set_is_followed() -> None:
    machine = Machine(timedelta(0))
    machine.hear()
    machine.clock.hear(format_datetime(machine.true_time + timedelta(minutes=5), usegmt=True))
    assert abs(machine.error - timedelta(minutes=5)) <= SECOND


@pytest.mark.parametrize("date", [None, "", "yesterday", "2026-01-01"])
def test_an_answer_without_a_usable_date_says_nothing(date: str | None) -> None:
    machine = Machine(timedelta(hours=1))
    machine.clock.hear(date)
    assert machine.clock.now() == NOON + timedelta(hours=1)

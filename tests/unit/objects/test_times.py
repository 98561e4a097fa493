from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from presto_operator.objects import clock_time, duration_text, format_time, kubernetes_time

_MOMENT = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)


def test_a_time_is_read_as_it_was_written() -> None:
    assert format_time(_MOMENT) == "2026-01-01T08:30:00Z"
    assert kubernetes_time("2026-01-01T08:30:00Z") == _MOMENT


def test_a_time_is_written_in_utc_and_without_fractions_of_a_second() -> None:
    here = datetime(2026, 1, 1, 5, 30, 0, 999_999, tzinfo=timezone(timedelta(hours=-3)))
    assert format_time(here) == "2026-01-01T08:30:00Z"
    assert clock_time(here) == "08:30:00 UTC"


@pytest.mark.parametrize("text", ["2026-01-01T08:30:00", "2026-01-01T08:30:00.000000Z", "2026-01-01T05:30:00-03:00"])
def test_other_forms_of_the_same_moment_are_read_too(text: str) -> None:
    assert kubernetes_time(text) == _MOMENT


@pytest.mark.parametrize("text", [None, "", "soon", "2026-13-01T00:00:00Z", 1767256200])
def test_what_is_no_time_is_none(text: object) -> None:
    assert kubernetes_time(text) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (1.6, "2 s"),
        (119, "119 s"),
        (120, "2 min"),
        (1830, "30 min"),
        (7000, "117 min"),
        (7260, "2 h 1 min"),
    ],
)
def test_a_duration_is_said_as_exactly_as_it_matters(seconds: float, text: str) -> None:
    assert duration_text(timedelta(seconds=seconds)) == text

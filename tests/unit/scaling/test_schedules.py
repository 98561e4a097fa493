from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.api import Schedule
from presto_operator.scaling.schedules import bounds, holds
from tests.unit.scaling.load import NOON, autoscaling

_BERLIN = ZoneInfo("Europe/Berlin")


def _schedule(start: str, end: str, time_zone: str = "UTC") -> Schedule:
    return Schedule(name="some", start=start, end=end, time_zone=time_zone, min_replicas=3)


def _held(schedule: Schedule, first: datetime, last: datetime) -> list[tuple[str, str]]:
    """From when to when it holds in a time, in UTC, to a quarter of an hour."""
    spans: list[tuple[str, str]] = []
    begin = ""
    moment = first
    while moment <= last:
        now_holds = holds(schedule, moment)
        if now_holds and not begin:
            begin = f"{moment:%d %H:%M}"
        if not now_holds and begin:
            spans.append((begin, f"{moment:%d %H:%M}"))
            begin = ""
        moment += timedelta(minutes=15)
    return [*spans, (begin, "")] if begin else spans


def test_office_hours_leave_out_the_weekend() -> None:
    office = _schedule("0 8 * * 1-5", "0 20 * * 1-5", "America/Argentina/Buenos_Aires")
    friday = datetime(2026, 11, 27, tzinfo=UTC)
    assert _held(office, friday, friday + timedelta(days=4)) == [("27 11:00", "27 23:00"), ("30 11:00", "30 23:00")]


def test_a_night_goes_over_midnight() -> None:
    night = _schedule("0 20 * * *", "0 6 * * *")
    day = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert _held(night, day, day + timedelta(days=1)) == [("24 20:00", "25 06:00")]


@pytest.mark.parametrize(
    ("day", "held"),
    [
        # 2026-03-29: 02:00 becomes 03:00, and the skipped 02:30 comes at that moment, 01:00 UTC.
        (datetime(2026, 3, 29, tzinfo=UTC), [("29 01:00", "29 04:00")]),
        # 2026-10-25: 03:00 becomes 02:00, and 02:30 counts the first time, 00:30 UTC.
        (datetime(2026, 10, 25, tzinfo=UTC), [("25 00:30", "25 05:00")]),
        (datetime(2026, 6, 1, tzinfo=UTC), [("01 00:30", "01 04:00")]),
    ],
)
def test_clock_changes_while_it_begins(day: datetime, held: list[tuple[str, str]]) -> None:
    schedule = _schedule("30 2 * * *", "0 6 * * *", "Europe/Berlin")
    assert _held(schedule, day - timedelta(hours=1), day + timedelta(hours=12)) == held


@pytest.mark.parametrize(
    ("day", "held"),
    [
        (datetime(2026, 3, 28, 20, tzinfo=UTC), [("28 21:00", "29 01:00")]),
        (datetime(2026, 10, 24, 18, tzinfo=UTC), [("24 20:00", "25 00:30")]),
    ],
)
def test_clock_changes_while_it_ends(day: datetime, held: list[tuple[str, str]]) -> None:
    schedule = _schedule("0 22 * * *", "30 2 * * *", "Europe/Berlin")
    assert _held(schedule, day, day + timedelta(hours=12)) == held


def test_a_schedule_within_the_repeated_hour_holds_once() -> None:
    schedule = _schedule("15 2 * * *", "45 2 * * *", "Europe/Berlin")
    first = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert _held(schedule, first, first + timedelta(hours=8)) == [("25 00:15", "25 00:45")]


def test_a_schedule_within_the_skipped_hour_does_not_hold() -> None:
    # Both come at the same moment: it begins and ends at once.
    schedule = _schedule("15 2 29 3 *", "45 2 29 3 *", "Europe/Berlin")
    first = datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert _held(schedule, first, first + timedelta(hours=8)) == []


def test_half_an_hour_of_summer_time() -> None:
    schedule = _schedule("45 1 * * *", "0 4 * * *", "Australia/Lord_Howe")
    first = datetime(2026, 4, 4, 12, tzinfo=UTC)  # 02:00 becomes 01:30 at 15:00 UTC
    assert _held(schedule, first, first + timedelta(hours=8)) == [("04 14:45", "04 17:30")]


def test_it_begins_where_another_ends() -> None:
    first, second = _schedule("0 8 * * *", "0 12 * * *"), _schedule("0 12 * * *", "0 18 * * *")
    for schedule, held in ((first, False), (second, True)):
        assert holds(schedule, NOON) == held
        assert holds(schedule, NOON - timedelta(seconds=1)) != held


def test_what_never_comes_does_not_hold() -> None:
    assert not holds(_schedule("0 0 31 12 *", "0 0 1 1 *"), NOON)
    assert holds(_schedule("0 0 1 1 *", "0 0 31 12 *"), NOON)


@given(
    seconds=st.integers(0, 10 * 365 * 86400),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"]),
    hours=st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda pair: pair[0] != pair[1]),
)
def test_it_holds_as_the_wall_clock_shows(seconds: int, zone: str, hours: tuple[int, int]) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    start, end = hours
    shown = now.astimezone(ZoneInfo(zone))
    offsets = {(now + timedelta(hours=away)).astimezone(ZoneInfo(zone)).utcoffset() for away in (-30, 30)}
    held = start <= shown.hour < end if start < end else not end <= shown.hour < start
    # Around a change of the clock the examples above say what is right.
    if len(offsets) == 1:
        assert holds(_schedule(f"0 {start} * * *", f"0 {end} * * *", zone), now) == held


def _bounds(*schedules: dict[str, Any], **fields: Any) -> tuple[int, str, int, str]:
    always = {"start": "0 0 * * *", "end": "0 23 * * *"}
    settings = autoscaling(
        schedules=[{"name": f"s{index}", **always, **item} for index, item in enumerate(schedules)], **fields
    )
    found = bounds(settings, NOON)
    return found.floor.workers, found.floor.words, found.ceiling.workers, found.ceiling.words


def test_bounds_without_schedules() -> None:
    assert _bounds(minReplicas=3, maxReplicas=9) == (3, "minReplicas = 3", 9, "maxReplicas = 9")


def test_of_several_schedules_the_highest_floor_and_the_lowest_ceiling_count() -> None:
    several = ({"minReplicas": 5}, {"minReplicas": 8, "maxReplicas": 40}, {"maxReplicas": 30}, {"minReplicas": 2})
    assert _bounds(*several, minReplicas=3) == (
        8,
        "minReplicas of schedule 's1' = 8",
        30,
        "maxReplicas of schedule 's2' = 30",
    )


def test_a_ceiling_goes_before_a_floor() -> None:
    words = "maxReplicas of schedule 's1' = 4"
    assert _bounds({"minReplicas": 20}, {"maxReplicas": 4}) == (4, words, 4, words)
    assert _bounds({"maxReplicas": 4}, {"maxReplicas": 6}, minReplicas=10)[:3:2] == (4, 4)


def test_a_schedule_that_has_ended_bounds_nothing() -> None:
    morning = {"start": "0 6 * * *", "end": "0 12 * * *", "minReplicas": 50, "maxReplicas": 60}
    assert _bounds(morning, minReplicas=2)[:3:2] == (2, 100)

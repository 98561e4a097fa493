from __future__ import annotations

import pytest

from bench.autoscaling.contest import percentile
from bench.autoscaling.load import DAY, HOUR, day

_DAY = day(seed=3, queries=20_000)


def test_the_same_seed_is_the_same_day() -> None:
    assert day(seed=3, queries=500) == day(seed=3, queries=500)
    assert day(seed=3, queries=500) != day(seed=4, queries=500)


def test_arrivals_are_in_order_and_within_the_day() -> None:
    arrivals = [query.arrival for query in _DAY]
    assert arrivals == sorted(arrivals)
    assert 0 <= arrivals[0] <= arrivals[-1] < DAY
    assert len(arrivals) == pytest.approx(20_000, rel=0.05)


def test_durations_have_the_tail_that_was_asked_for() -> None:
    durations = sorted(query.duration for query in _DAY)
    assert percentile(durations, 50) == pytest.approx(1.4, rel=0.1)
    assert percentile(durations, 95) == pytest.approx(10, rel=0.15)
    assert percentile(durations, 99) == pytest.approx(212, rel=0.25)
    assert durations[-1] <= 1200


def test_more_queries_come_in_office_hours() -> None:
    by_day = sum(9 * HOUR <= query.arrival < 19 * HOUR for query in _DAY) / 10
    by_night = sum(query.arrival < 6 * HOUR for query in _DAY) / 6
    assert by_day / by_night == pytest.approx(2.4, rel=0.2)

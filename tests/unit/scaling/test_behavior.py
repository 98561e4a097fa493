"""`behavior` by HPA's documented examples, and by what its source does where those are silent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from presto_operator.api import MAX_SCALE_EVENTS, AutoscalingHistory
from presto_operator.scaling.history import with_change
from tests.unit.scaling.load import NOON, Fleet, autoscaling


def _fleet(wanted: int, *, up: dict[str, Any] | None = None, down: dict[str, Any] | None = None) -> Fleet:
    """A fleet that has been as it is for long, a query a worker, with HPA's defaults."""
    settings = autoscaling(
        targets={"queriesPerWorker": "1"},
        behavior={
            "scaleUp": {"stabilizationWindowSeconds": 0, **(up or {})},
            "scaleDown": {"stabilizationWindowSeconds": 300, **(down or {})},
        },
        maxReplicas=1000,
    )
    fleet = Fleet(settings, wanted=wanted)
    fleet.decide(running=wanted)
    return fleet.after(hours=2)


def _policy(kind: str, value: int, period: int) -> dict[str, Any]:
    return {"type": kind, "value": value, "periodSeconds": period}


_AT_ONCE = {"stabilizationWindowSeconds": 0}


def _course(fleet: Fleet, running: int, *, every: float, steps: int) -> list[int]:
    counts = []
    for _ in range(steps):
        counts.append(fleet.decide(running=running).wanted)
        fleet.after(seconds=every)
    return counts


def test_defaults_double_or_add_four_in_fifteen_seconds() -> None:
    assert _course(_fleet(1), 100, every=15, steps=6) == [5, 10, 20, 40, 80, 100]


def test_within_a_period_a_policy_counts_what_has_come_already() -> None:
    assert _course(_fleet(10), 100, every=5, steps=5) == [20, 20, 20, 40, 40]


def test_the_larger_policy_counts() -> None:
    # The documents' example: 4 pods or 10 percent a minute, from 80 down: 8, 8 (7.2), 7 (6.4); 4 below 40.
    down = {**_AT_ONCE, "policies": [_policy("Pods", 4, 60), _policy("Percent", 10, 60)]}
    assert _course(_fleet(80, down=down), 10, every=60, steps=4) == [72, 64, 57, 51]
    assert _course(_fleet(39, down=down), 10, every=60, steps=2) == [35, 31]


def test_the_smaller_policy_counts_if_told() -> None:
    policies = [_policy("Pods", 5, 60), _policy("Percent", 10, 60)]
    down = {**_AT_ONCE, "policies": policies, "selectPolicy": "Min"}
    assert _course(_fleet(100, down=down), 10, every=60, steps=2) == [95, 90]
    assert _course(_fleet(20, down=down), 10, every=60, steps=2) == [18, 16]
    up = {"policies": policies, "selectPolicy": "Min"}
    assert _course(_fleet(10, up=up), 100, every=60, steps=3) == [11, 13, 15]


def test_disabled_means_not_at_all() -> None:
    assert _course(_fleet(10, down={**_AT_ONCE, "selectPolicy": "Disabled"}), 1, every=60, steps=2) == [10, 10]
    assert _course(_fleet(10, up={"selectPolicy": "Disabled"}), 90, every=60, steps=2) == [10, 10]


def test_percent_is_rounded_up_on_the_way_up_and_removes_the_rounded_up_share_on_the_way_down() -> None:
    up = {"policies": [_policy("Percent", 1, 60)]}
    assert _course(_fleet(3, up=up), 100, every=60, steps=2) == [4, 5]
    down = {**_AT_ONCE, "policies": [_policy("Percent", 1, 60)]}
    assert _course(_fleet(3, down=down), 1, every=60, steps=2) == [2, 1]


def test_a_policy_reckons_from_the_start_of_its_period_in_both_directions() -> None:
    fleet = _fleet(10, up={"policies": [_policy("Pods", 10, 600)]}, down=_AT_ONCE)
    assert fleet.decide(running=20).wanted == 20
    assert fleet.after(seconds=60).decide(running=12).wanted == 12
    # 12 - 10 that came + 8 that went = 10 at the start of the period.
    assert fleet.after(seconds=60).decide(running=100).wanted == 20
    assert fleet.after(seconds=60).decide(running=100).wanted == 20
    assert fleet.after(seconds=600).decide(running=100).wanted == 30


def test_an_event_is_forgotten_after_its_period() -> None:
    fleet = _fleet(10, down={**_AT_ONCE, "policies": [_policy("Pods", 3, 60)]})
    assert fleet.decide(running=1).wanted == 7
    assert fleet.after(seconds=59).decide(running=1).wanted == 7
    assert fleet.after(seconds=1).decide(running=1).wanted == 4


def test_fewer_only_after_the_highest_of_the_window() -> None:
    fleet = _fleet(10)
    assert fleet.decide(running=3).wanted == 10
    assert fleet.after(seconds=100).decide(running=8).wanted == 10
    assert fleet.after(seconds=100).decide(running=2).wanted == 10
    # 300 s after 10 was last asked for, the highest is 8, which was asked for until 200 s.
    assert fleet.after(seconds=99).decide(running=2).wanted == 10
    decision = fleet.after(seconds=1).decide(running=2)
    assert (decision.wanted, decision.reason) == (8, "Stabilization")
    assert decision.message == "2 running at 1 per worker = 2; highest in the last 300s = 8"
    assert fleet.after(seconds=199).decide(running=2).wanted == 8
    assert fleet.after(seconds=1).decide(running=2).wanted == 2


def test_more_only_as_the_lowest_of_the_window() -> None:
    fleet = _fleet(10, up={"stabilizationWindowSeconds": 60})
    decision = fleet.decide(running=20)
    assert (decision.wanted, decision.message) == (10, "20 running at 1 per worker = 20; lowest in the last 60s = 10")
    assert fleet.after(seconds=30).decide(running=15).wanted == 10
    assert fleet.after(seconds=10).decide(running=18).wanted == 10
    assert fleet.after(seconds=20).decide(running=18).wanted == 15
    assert fleet.after(seconds=40).decide(running=18).wanted == 18


def test_without_a_window_the_present_alone_counts() -> None:
    fleet = _fleet(10, down=_AT_ONCE)
    assert [fleet.after(seconds=20).decide(running=count).wanted for count in (5, 10, 3)] == [5, 10, 3]


def test_the_window_holds_from_the_first_moment_on() -> None:
    fleet = Fleet(autoscaling(), wanted=20)
    assert fleet.decide(running=2).wanted == 20
    assert fleet.after(seconds=299).decide(running=2).wanted == 20
    assert fleet.after(seconds=1).decide(running=2).wanted == 1


@pytest.mark.parametrize(("running", "wanted"), [(88, 100), (80, 80), (104, 100), (106, 106)])
def test_tolerances_are_those_of_their_direction(running: int, wanted: int) -> None:
    fleet = _fleet(100, up={"tolerance": "0.05"}, down={**_AT_ONCE, "tolerance": "0.15"})
    assert fleet.decide(running=running).wanted == wanted


def test_bounds_hold_at_once_whatever_the_policies() -> None:
    slow = {"policies": [_policy("Pods", 1, 600)]}
    settings = autoscaling(minReplicas=30, maxReplicas=40, behavior={"scaleUp": slow, "scaleDown": slow})
    assert Fleet(settings, wanted=5).decide(running=200).wanted == 30
    assert Fleet(settings, wanted=90).decide(running=1).wanted == 40


def test_many_scale_events_expire_all_the_same() -> None:
    up = {"selectPolicy": "Min", "policies": [_policy("Pods", 1, 15), _policy("Percent", 200, 1800)]}
    fleet = _fleet(50, up=up)
    # As HPA's own arithmetic has it. Once, events of longer ago than half an hour still counted: 150.
    assert _course(fleet, 900, every=15, steps=160)[-1] == 190
    down = {**_AT_ONCE, "policies": [_policy("Percent", 10, 1800)]}
    grown = _fleet(50, up=up, down=down)
    course = _course(grown, 900, every=15, steps=400)
    # What was added within the last half hour doesn't count as removed from now: 10 percent of the workers then.
    assert grown.decide(running=1).wanted >= course[280] * 9 // 10


def test_changes_that_are_merged_expire_late_by_a_hundredth_of_the_period_at_most() -> None:
    history, now, period = AutoscalingHistory(), NOON, timedelta(seconds=1800)
    for _ in range(2000):
        now += timedelta(seconds=3)
        history = with_change(history, 1, longest_period=period, now=now)
        assert len(history.scale_ups) <= MAX_SCALE_EVENTS
    counted = sum(event.workers for event in history.scale_ups if event.time > now - period)
    assert 600 <= counted <= 606


def test_a_moment_of_load_holds_no_workers() -> None:
    fleet = _fleet(5, up={"stabilizationWindowSeconds": 15}, down={"stabilizationWindowSeconds": 600})
    fleet.wanted = 50
    counts = []
    for second in range(0, 3000, 5):
        counts.append(fleet.decide(running=50 if second % 500 == 0 else 5).wanted)
        fleet.after(seconds=5)
    assert counts[-1] == 5


def test_a_load_that_lasts_holds_workers_beyond_a_moment_of_more() -> None:
    fleet = _fleet(60, up={"stabilizationWindowSeconds": 15}, down={"stabilizationWindowSeconds": 600})
    for running, seconds in ((60, 100), (20, 100), (100, 5)):
        fleet.decide(running=running)
        fleet.after(seconds=seconds)
    assert fleet.decide(running=10).wanted == 60

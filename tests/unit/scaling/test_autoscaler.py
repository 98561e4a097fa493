from __future__ import annotations

from datetime import timedelta

import pytest

from presto_operator.scaling import decide
from presto_operator.scaling.sample import MAX_SAMPLE_AGE
from tests.unit.scaling.load import NOON, Fleet, autoscaling, sample

_NOON_TO_NIGHT = {"start": "0 12 * * *", "end": "0 22 * * *"}


def test_the_message_says_the_numbers() -> None:
    settings = autoscaling(schedules=[{"name": "night", "maxReplicas": 8, **_NOON_TO_NIGHT}])
    decision = Fleet(settings, wanted=5).decide(running=12, queued=9)
    assert (decision.wanted, decision.reason, decision.limited_by) == (8, "ScheduleCeiling", "ScheduleCeiling")
    assert decision.message == "12 running + 9 queued at 2 per worker = 11; maxReplicas of schedule 'night' = 8"


def test_what_limits_is_said() -> None:
    decision = Fleet(autoscaling(), wanted=5).decide(running=60)
    assert (decision.wanted, decision.limited_by) == (10, "ScaleUpPolicy")
    assert decision.message == "60 running at 2 per worker = 30; policies of scaleUp allow 10"
    decision = Fleet(autoscaling(maxReplicas=20), wanted=15).decide(running=60)
    assert decision.message == "60 running at 2 per worker = 30; maxReplicas = 20"
    decision = Fleet(autoscaling(), wanted=30).decide(running=60)
    assert (decision.wanted, decision.limited_by, decision.reason) == (30, None, "QueryDemand")


def test_the_floor_of_a_schedule_holds_from_its_first_moment() -> None:
    settings = autoscaling(schedules=[{"name": "office", "minReplicas": 30, **_NOON_TO_NIGHT}])
    fleet = Fleet(settings, wanted=2, now=NOON - timedelta(seconds=1))
    assert fleet.decide(running=4).wanted == 2
    decision = fleet.after(seconds=1).decide(running=4)
    assert (decision.wanted, decision.reason) == (30, "ScheduleFloor")
    assert decision.message == "4 running at 2 per worker = 2; minReplicas of schedule 'office' = 30"
    # Its end lets workers go as the load says, without waiting for anything: the load has said so for hours.
    assert fleet.after(hours=10).decide(running=4).wanted == 2


def test_without_a_sample_no_worker_goes() -> None:
    fleet = Fleet(autoscaling(), wanted=20)
    fleet.decide(running=40)
    for _ in range(20):
        decision = fleet.after(minutes=5).decide_blindly()
        assert (decision.wanted, decision.reason) == (20, "SamplesMissing")
    assert decision.message == "Presto has not reported its load yet, so the number of workers stays at 20"


def test_a_sample_grows_stale() -> None:
    settings = autoscaling(behavior={"scaleDown": {"stabilizationWindowSeconds": 0}})
    history = Fleet(settings, wanted=20).decide(running=40).history
    for age, wanted in ((MAX_SAMPLE_AGE, 1), (MAX_SAMPLE_AGE + timedelta(seconds=1), 20)):
        now = NOON + age
        decision = decide(settings, sample=sample(NOON), wanted=20, history=history, now=now)
        assert decision.wanted == wanted
    assert decision.message == "Presto last reported its load 46s ago, so the number of workers stays at 20"


def test_without_a_sample_floors_hold_all_the_same() -> None:
    office = {"name": "office", "minReplicas": 30, **_NOON_TO_NIGHT}
    fleet = Fleet(autoscaling(schedules=[office]), wanted=5, now=NOON - timedelta(minutes=1))
    assert fleet.decide_blindly().wanted == 5
    decision = fleet.after(minutes=1).decide_blindly()
    assert (decision.wanted, decision.reason) == (30, "ScheduleFloor")
    assert fleet.after(hours=12).decide_blindly().wanted == 30
    assert Fleet(autoscaling(minReplicas=3), wanted=0).decide_blindly().wanted == 3


def test_without_a_sample_a_schedule_takes_nobody_away_but_the_maximum_does() -> None:
    night = {"name": "night", "maxReplicas": 3, **_NOON_TO_NIGHT}
    fleet = Fleet(autoscaling(schedules=[night], maxReplicas=15), wanted=20)
    decision = fleet.decide_blindly()
    assert (decision.wanted, decision.reason) == (15, "MaxReplicas")
    assert fleet.decide_blindly().wanted == 15
    assert fleet.decide().wanted == 3


def test_unknown_cpu_lets_no_worker_go_but_lets_queries_ask_for_more() -> None:
    settings = autoscaling(targets={"queriesPerWorker": "2", "workerCPUPercent": 75})
    fleet = Fleet(settings, wanted=4)
    fleet.decide(running=8)
    decision = fleet.after(hours=1).decide(running=2)
    assert (decision.wanted, decision.reason) == (4, "SamplesMissing")
    assert decision.message == (
        "2 running at 2 per worker = 1; no worker is removed, because no worker reports its CPU use"
    )
    assert fleet.after(hours=1).decide(running=12).wanted == 6
    only_cpu = Fleet(autoscaling(targets={"workerCPUPercent": 75}), wanted=4)
    assert only_cpu.decide(running=50).wanted == 4


def _sleepy(**fields: object) -> Fleet:
    fleet = Fleet(autoscaling(minReplicas=2, scaleToZero={"idleAfter": "30m"}, **fields), wanted=2)
    fleet.decide(running=1)
    return fleet.after(minutes=1)


def test_no_worker_after_a_while_without_any_query() -> None:
    fleet = _sleepy()
    assert fleet.decide().wanted == 2
    assert fleet.after(minutes=29).decide().wanted == 2
    decision = fleet.after(minutes=1).decide()
    assert (decision.wanted, decision.reason, decision.limited_by) == (0, "Idle", None)
    assert decision.message == "no queries since 2026-11-24T12:01:00Z"
    assert fleet.after(hours=9).decide() == decision


@pytest.mark.parametrize("state", ["waiting", "queued", "held_back", "running", "blocked"])
def test_the_first_query_brings_workers_back(state: str) -> None:
    fleet = _sleepy()
    fleet.decide()
    assert fleet.after(minutes=30).decide().wanted == 0
    assert fleet.after(minutes=1).decide(**{state: 1}).wanted == 2
    # And the time without a query begins anew.
    assert fleet.after(seconds=5).decide().wanted == 2
    assert fleet.after(minutes=29).decide().wanted == 2
    assert fleet.after(minutes=1).decide().wanted == 0


def test_a_query_in_between_keeps_the_workers() -> None:
    fleet = _sleepy()
    fleet.decide()
    fleet.after(minutes=20).decide(queued=1)
    assert fleet.after(minutes=20).decide().wanted == 2


def test_who_has_no_worker_and_no_sample_goes_without_until_a_schedule_says_otherwise() -> None:
    evening = {"name": "evening", "minReplicas": 4, "start": "0 14 * * *", "end": "0 22 * * *"}
    fleet = _sleepy(schedules=[evening])
    fleet.decide()
    assert fleet.after(minutes=30).decide().wanted == 0
    assert fleet.after(minutes=30).decide_blindly().wanted == 0
    assert fleet.after(hours=1).decide_blindly().wanted == 4
    assert fleet.after(hours=1).decide().wanted == 4, "a schedule's floor is not given up for idleness"


def test_workers_that_may_not_go_stay_however_idle() -> None:
    fleet = _sleepy(behavior={"scaleDown": {"selectPolicy": "Disabled"}})
    fleet.decide()
    assert fleet.after(hours=9).decide().wanted == 2


def test_without_being_told_there_is_always_a_worker() -> None:
    fleet = Fleet(autoscaling(), wanted=9)
    fleet.decide()
    assert fleet.after(hours=9).decide().wanted == 1


def test_those_that_start_are_not_asked_for_twice() -> None:
    settings = autoscaling(targets={"queriesPerWorker": "1", "workerCPUPercent": 50})
    fleet = Fleet(settings, wanted=4)
    busy = {"running": 8, "active_workers": 4, "workers_with_cpu": 4, "worker_cpu_percent": 100.0}
    counts = [fleet.after(seconds=20).decide(**busy).wanted for _ in range(10)]
    assert counts == [8] * 10


def test_an_unknown_cpu_use_is_not_remembered_as_a_recommendation() -> None:
    targets = {"queriesPerWorker": "1", "workerCPUPercent": 50}
    fleet = Fleet(autoscaling(targets=targets), wanted=50)
    for look in range(200):
        known = {"workers_with_cpu": 50, "worker_cpu_percent": 0.0} if look % 100 != 50 else {}
        fleet.after(seconds=5).decide(active_workers=50, **known)
    assert fleet.wanted == 1


def test_nothing_is_removed_at_the_moment_when_cpu_use_is_unknown() -> None:
    fleet = Fleet(autoscaling(targets={"queriesPerWorker": "1", "workerCPUPercent": 50}), wanted=50)
    fleet.decide(active_workers=50, workers_with_cpu=50, worker_cpu_percent=0.0)
    decision = fleet.after(hours=1).decide(active_workers=50)
    assert (decision.wanted, decision.reason) == (50, "SamplesMissing")

from __future__ import annotations

from datetime import timedelta

import pytest

from presto_operator.api import MAX_DECISIONS, AutoscalingHistory, AutoscalingStatus
from presto_operator.scaling import autoscaling_status, decide, read_autoscaling, starting_point
from tests.unit.scaling.load import NOON, autoscaling, sample


def _status(desired: int, mode: str = "Active") -> AutoscalingStatus:
    history = AutoscalingHistory(recommended=desired)
    return AutoscalingStatus.model_validate({"mode": mode, "desired": desired, "history": history}, by_name=True)


@pytest.mark.parametrize(
    ("mode", "before", "wanted"),
    [
        ("Active", None, 3),
        ("Advisory", None, 3),
        ("Active", "Active", 7),
        ("Advisory", "Advisory", 7),
        ("Active", "Advisory", 3),
        ("Advisory", "Active", 7),
    ],
)
def test_where_a_decision_starts_from(mode: str, before: str | None, wanted: int) -> None:
    previous = _status(7, before) if before else None
    start, history = starting_point(autoscaling(mode=mode), previous, 3)
    assert start == wanted
    assert history == (previous.history if previous else AutoscalingHistory())


def test_a_change_is_kept_with_its_reason() -> None:
    settings = autoscaling()
    decision = decide(settings, sample=sample(running=12), wanted=3, history=AutoscalingHistory(), now=NOON)
    status = autoscaling_status(settings, _status(3), decision, wanted=3, now=NOON)
    (taken,) = status.decisions
    assert (taken.from_replicas, taken.to_replicas, taken.reason, taken.time) == (3, 6, "QueryDemand", NOON)
    assert taken.message == "12 running at 2 per worker = 6"
    assert (status.mode, status.desired, status.limited_by) == ("Active", 6, None)


def test_no_change_is_no_news() -> None:
    settings = autoscaling()
    status, now = _status(6), NOON
    for _ in range(5):
        now += timedelta(minutes=10)
        wanted, history = starting_point(settings, status, 1)
        decision = decide(settings, sample=sample(now, running=12), wanted=wanted, history=history, now=now)
        after = autoscaling_status(settings, status, decision, wanted=wanted, now=now)
        assert after == status
        status = after


def test_the_newest_decisions_are_kept() -> None:
    at_once = {"stabilizationWindowSeconds": 0}
    settings = autoscaling(behavior={"scaleUp": at_once, "scaleDown": at_once})
    status, now = _status(1), NOON
    for step in range(30):
        now += timedelta(minutes=1)
        wanted, history = starting_point(settings, status, 1)
        load = sample(now, running=2 if step % 2 else 8)
        decision = decide(settings, sample=load, wanted=wanted, history=history, now=now)
        status = autoscaling_status(settings, status, decision, wanted=wanted, now=now)
    assert [decision.time for decision in status.decisions] == [
        now - timedelta(minutes=back) for back in range(MAX_DECISIONS)
    ]


def test_reads_what_was_written() -> None:
    status = _status(4)
    assert read_autoscaling({"autoscaling": status.model_dump(mode="json", by_alias=True, exclude_none=True)}) == status


@pytest.mark.parametrize(
    "junk", [{}, {"autoscaling": None}, {"autoscaling": {"desired": "many"}}, {"autoscaling": {"mode": "Soon"}}]
)
def test_what_it_does_not_understand_is_nothing(junk: dict[str, object]) -> None:
    assert read_autoscaling(junk) is None

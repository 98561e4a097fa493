from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.api import RolloutStatus
from presto_operator.planning.observation import Observation, Serving, pool_counts
from presto_operator.planning.verdict import CONDITION_REASONS, ConditionStatus, Verdict
from presto_operator.reporting.status import is_due, merge_patch, new_status
from tests.unit.fake_kubernetes import merge_patched
from tests.unit.live import load, observation, planned
from tests.unit.manifest import cluster, manifest

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PLAN = planned(cluster(workers={"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}]}), Observation((), (), None))
LOAD = load(running=3, blocked=1, queued=2, waiting=2, held_back=5, active=4)


def test_status_counts_what_is_there() -> None:
    status = _status(seen=observation(PLAN.apply, ready_workers=1, load=LOAD))
    assert status["observedGeneration"] == 1
    assert status["coordinator"] == {
        "generation": PLAN.wanted_generation,
        "ready": True,
        "hasServed": True,
        "uri": "http://adhoc.analytics.svc:8080",
    }
    assert status["workers"] == {
        "replicas": 4,
        "desiredReplicas": 4,
        "readyReplicas": 2,
        "draining": 0,
        "active": 4,
        "summary": "2/4",
        "selector": "prestooperator.io/cluster=adhoc,prestooperator.io/role=worker",
        "pools": [
            {"name": "r5", "replicas": 2, "readyReplicas": 1},
            {"name": "r6", "replicas": 2, "readyReplicas": 1},
        ],
    }
    assert status["queries"] == {"running": 3, "queued": 7, "blocked": 1, "waiting": 2, "heldBack": 5}


def test_numbers_that_nobody_knows_are_left_out() -> None:
    status = _status()
    assert "queries" not in status
    assert "active" not in status["workers"]


@pytest.mark.parametrize(
    ("verdicts", "phase"),
    [
        ({}, "Running"),
        ({"Progressing": "True"}, "Updating"),
        ({"Ready": "False", "Progressing": "True"}, "Pending"),
        ({"Ready": "False", "Degraded": "True"}, "Degraded"),
        ({"Degraded": "True"}, "Degraded"),
        ({"Valid": "False", "Degraded": "True"}, "Invalid"),
    ],
)
def test_phase_is_the_worst_of_the_conditions(verdicts: dict[str, ConditionStatus], phase: str) -> None:
    assert _status(verdicts=verdicts)["phase"] == phase


def test_a_transition_time_stays_until_the_status_changes() -> None:
    first = _status(now=NOON)
    second = _status(first, now=NOON + MINUTE, verdicts={"Progressing": "True"})
    third = _status(second, now=NOON + 2 * MINUTE, verdicts={"Progressing": "True"})
    times = {item["type"]: item["lastTransitionTime"] for item in third["conditions"]}
    assert times == {
        "Valid": "2026-01-01T12:00:00Z",
        "Ready": "2026-01-01T12:00:00Z",
        "Progressing": "2026-01-01T12:01:00Z",
        "Degraded": "2026-01-01T12:00:00Z",
    }


def test_times_are_in_utc() -> None:
    status = _status(now=NOON.astimezone(timezone(timedelta(hours=-3))))
    assert status["conditions"][0]["lastTransitionTime"] == "2026-01-01T12:00:00Z"


def _is_due(
    previous: Mapping[str, Any], status: Mapping[str, Any], *, last_written: datetime | None, now: datetime
) -> bool:
    return is_due(previous, status, last_written=last_written, interval=timedelta(seconds=30), now=now)


def test_an_unchanged_status_is_never_due() -> None:
    status = _status()
    assert not _is_due(status, copy.deepcopy(status), last_written=None, now=NOON)


def test_what_matters_is_due_at_once() -> None:
    previous = _status()
    for changed in (
        _status(previous, verdicts={"Degraded": "True"}),
        _status(previous, seen=observation(PLAN.apply, ready_workers=1)),
    ):
        assert _is_due(previous, changed, last_written=NOON, now=NOON)


@pytest.mark.parametrize(("seconds", "is_written"), [(0, False), (29, False), (30, True), (300, True)])
def test_numbers_that_move_all_the_time_are_due_seldom(seconds: int, *, is_written: bool) -> None:
    previous = _status(seen=observation(PLAN.apply, load=LOAD))
    busier = load(running=9, blocked=9, queued=9, active=3)
    status = _status(previous, seen=observation(PLAN.apply, load=busier))
    now = NOON + timedelta(seconds=seconds)
    assert _is_due(previous, status, last_written=NOON, now=now) is is_written
    assert _is_due(previous, status, last_written=None, now=now)


_JSON = st.recursive(
    st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
)
_OBJECTS = st.dictionaries(st.sampled_from("abcd"), _JSON, max_size=4)


@given(_OBJECTS, _OBJECTS)
def test_the_merge_patch_makes_the_one_into_the_other(previous: dict[str, Any], status: dict[str, Any]) -> None:
    assert merge_patched(previous, merge_patch(previous, status)) == status


def test_the_merge_patch_takes_away_numbers_that_nobody_knows_any_more() -> None:
    previous = _status(seen=observation(PLAN.apply, load=LOAD))
    patch = merge_patch(previous, _status(previous))
    assert patch["queries"] is None
    assert patch["workers"]["active"] is None


_BAD: dict[str, ConditionStatus] = {"MetastoreAvailable": "False"}


def test_a_condition_that_has_no_more_meaning_goes() -> None:
    previous = _status(verdicts=_BAD)
    status = _status(previous)
    assert _is_due(previous, status, last_written=NOON, now=NOON)
    merged = merge_patched(previous, merge_patch(previous, status))
    assert "MetastoreAvailable" not in {item["type"] for item in merged["conditions"]}


def test_a_metastores_own_words_are_written_seldom() -> None:
    previous = _status(verdicts=_BAD)
    status = _status(previous, verdicts=_BAD)
    status["conditions"][-1]["message"] = "fails: no answer for 5003 ms"
    assert not _is_due(previous, status, last_written=NOON, now=NOON + MINUTE / 4)
    assert _is_due(previous, status, last_written=NOON, now=NOON + MINUTE)
    status["conditions"][-1]["reason"] = "Unreachable"
    assert _is_due(previous, status, last_written=NOON, now=NOON)


def test_the_phase_does_not_tell_of_the_metastore() -> None:
    assert _status(verdicts=_BAD)["phase"] == "Running"


def _status(
    previous: dict[str, Any] | None = None,
    *,
    seen: Observation | None = None,
    now: datetime = NOON,
    verdicts: Mapping[str, ConditionStatus] | None = None,
    rollout: RolloutStatus | None = None,
) -> dict[str, Any]:
    """The status after `previous`; a cluster that is well but for these verdicts."""
    well: dict[Any, ConditionStatus] = {"Valid": "True", "Ready": "True", "Progressing": "False", "Degraded": "False"}
    observed = seen or observation(PLAN.apply)
    return new_status(
        previous or {},
        [
            Verdict(name, status, [*CONDITION_REASONS[name]][status == "True"], f"{name} is {status}.")
            for name, status in {**well, **(verdicts or {})}.items()
        ],
        observed,
        metadata=manifest()["metadata"],
        serving=Serving(PLAN.wanted_generation, tuple(pool_counts(observed, PLAN.wanted_generation, None))),
        rollout=rollout,
        now=now,
    )

from __future__ import annotations

from typing import Any

import pytest

from presto_operator.reporting.events import condition_events

NOON = "2026-01-01T12:00:00Z"
LATER = "2026-01-01T12:01:35Z"

WELL: dict[str, tuple[str, str, str]] = {
    "Valid": ("True", "SpecAccepted", "the spec is valid"),
    "Ready": ("True", "Serving", "coordinator and 2 of 2 workers are serving"),
    "Progressing": ("False", "UpToDate", "the cluster is as its spec says"),
    "Degraded": ("False", "AsExpected", "no problems found"),
    "Draining": ("False", "NoneDraining", "no workers are draining"),
}
REJECTED = ("False", "SpecRejected", "spec.version: required. The running cluster stays as it is.")
FAILING = ("True", "PodsFailing", "adhoc-r5-1: Error (exit code 1): Unrecognized VM option 'UseG2GC'")
STARTING = ("False", "CoordinatorNotReady", "the coordinator is not ready")
WITHOUT_WORKERS = ("False", "NoWorkerReady", "no worker is ready (2 desired)")
AWAY = ("False", "Unreachable", "metastore hive:9083 can't be reached: Connection refused")
BACK = ("True", "Answering", "metastore hive:9083 answers")
UNKNOWN = ("Unknown", "NotChecked", "metastore hive:9083 is being checked")


def _status(since: str = NOON, *, workers: int = 2, **changed: tuple[str, str, str]) -> dict[str, Any]:
    """The status of a cluster that is well but for these conditions."""
    return {
        "workers": {"desiredReplicas": workers},
        "conditions": [
            {"type": name, "status": status, "reason": reason, "message": message, "lastTransitionTime": since}
            for name, (status, reason, message) in {**WELL, **changed}.items()
        ],
    }


def _events(before: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(event.type, event.reason, event.message) for event in condition_events(before, now)]


def test_a_new_cluster_that_starts_has_no_event() -> None:
    starting = ("True", "Starting", "the coordinator is starting")
    assert _events({}, _status(Ready=STARTING, Progressing=starting)) == []


def test_what_is_wrong_with_a_new_cluster_has_events() -> None:
    assert _events({}, _status(Ready=STARTING, Valid=REJECTED, Degraded=FAILING)) == [
        ("Warning", "SpecRejected", REJECTED[2]),
        ("Warning", "PodsFailing", FAILING[2]),
    ]


def test_a_cluster_that_becomes_ready_says_with_what_and_after_what_time() -> None:
    assert _events(_status(Ready=STARTING), _status(LATER)) == [
        ("Normal", "Ready", "coordinator and 2 of 2 workers are serving, after 95 s")
    ]


@pytest.mark.parametrize("lost", [STARTING, WITHOUT_WORKERS])
def test_a_cluster_that_stops_serving_is_a_warning(lost: tuple[str, str, str]) -> None:
    assert _events(_status(), _status(LATER, Ready=lost)) == [("Warning", "NotReady", lost[2])]
    assert _events(_status(Ready=lost), _status(LATER, Ready=lost)) == []


def test_a_cluster_that_is_scaled_up_from_zero_was_not_lost() -> None:
    assert _events(_status(workers=0), _status(LATER, Ready=WITHOUT_WORKERS)) == []
    assert _events(_status(workers=0), _status(LATER, Ready=STARTING)) == [("Warning", "NotReady", STARTING[2])]


@pytest.mark.parametrize("name", ["Progressing", "Draining"])
def test_how_far_a_change_is_has_no_events(name: str) -> None:
    changing, settled = _status(LATER), _status()
    (condition,) = [item for item in changing["conditions"] if item["type"] == name]
    condition.update(status="True", reason="Whatever", message="on it")
    assert _events(settled, changing) == []
    assert _events(changing, settled) == []


def test_a_rejected_spec_has_one_event_a_mistake() -> None:
    assert _events(_status(), _status(Valid=REJECTED)) == [("Warning", "SpecRejected", REJECTED[2])]
    assert _events(_status(Valid=REJECTED), _status(Valid=REJECTED)) == []
    another = ("False", "SpecRejected", "spec.image: unknown field")
    assert _events(_status(Valid=REJECTED), _status(Valid=another)) == [("Warning", "SpecRejected", another[2])]


def test_a_spec_that_is_valid_again_says_so() -> None:
    assert _events(_status(Valid=REJECTED), _status(LATER)) == [
        ("Normal", "SpecAccepted", "the spec is valid; applying it")
    ]


def test_a_problem_has_an_event_and_so_has_its_end_which_says_what_it_was() -> None:
    assert _events(_status(), _status(Degraded=FAILING)) == [("Warning", "PodsFailing", FAILING[2])]
    assert _events(_status(Degraded=FAILING), _status(LATER)) == [
        ("Normal", "Recovered", f"PodsFailing is over after 95 s: {FAILING[2]}")
    ]


def test_another_problem_is_an_event_of_its_own() -> None:
    full = ("True", "PoolsFull", "3 workers more than the pools' maxReplicas allow")
    assert _events(_status(Degraded=FAILING), _status(Degraded=full)) == [("Warning", "PoolsFull", full[2])]


def test_the_end_of_a_problem_quotes_the_beginning_of_a_long_message_only() -> None:
    long = ("True", "PodsFailing", "a" * 1000)
    ((_, _, message),) = _events(_status(Degraded=long), _status())
    assert message.endswith(f"{'a' * 300} ...")
    assert "a" * 301 not in message


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (BACK, AWAY, [("Warning", "MetastoreUnavailable", AWAY[2])]),
        (None, AWAY, [("Warning", "MetastoreUnavailable", AWAY[2])]),
        (UNKNOWN, AWAY, [("Warning", "MetastoreUnavailable", AWAY[2])]),
        (
            AWAY,
            ("False", "MetastoreFailing", "fails"),
            [("Warning", "MetastoreUnavailable", "fails")],
        ),
        (AWAY, ("False", "Unreachable", "in other words"), []),
        (AWAY, BACK, [("Normal", "MetastoreAvailable", "back after 95 s: metastore hive:9083 answers")]),
        # That it isn't known, or is well from the beginning, is no news; neither is a metastore that was removed.
        (None, UNKNOWN, []),
        (None, BACK, []),
        (UNKNOWN, BACK, []),
        (BACK, UNKNOWN, []),
        (AWAY, UNKNOWN, []),
        (AWAY, None, []),
    ],
)
def test_a_metastore_that_goes_away_or_comes_back_has_an_event(
    before: tuple[str, str, str] | None, now: tuple[str, str, str] | None, expected: list[tuple[str, str, str]]
) -> None:
    earlier = _status() if before is None else _status(MetastoreAvailable=before)
    later = _status(LATER) if now is None else _status(LATER, MetastoreAvailable=now)
    assert _events(earlier, later) == expected


ACTIVE = ("True", "Active", "6 workers")
IGNORED = ("True", "ReplicasIgnored", "workers.replicas was changed from 2 to 5, without effect")
NO_DATA = ("False", "NoData", "Presto doesn't report its load")


def test_autoscaling_that_is_disturbed_is_a_warning() -> None:
    active = _status(AutoscalingActive=ACTIVE)
    assert _events(active, _status(AutoscalingActive=IGNORED)) == [("Warning", "ReplicasIgnored", IGNORED[2])]
    assert _events(active, _status(AutoscalingActive=NO_DATA)) == [("Warning", "AutoscalingNoData", NO_DATA[2])]
    assert _events(_status(AutoscalingActive=NO_DATA), active) == []


def test_a_coordinator_that_is_gone_has_one_event_with_autoscaling_too() -> None:
    gone = _status(AutoscalingActive=NO_DATA, Ready=STARTING)
    assert _events(_status(AutoscalingActive=ACTIVE), gone) == [("Warning", "NotReady", STARTING[2])]

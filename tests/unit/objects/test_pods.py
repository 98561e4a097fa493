from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from presto_operator.objects import (
    container_state,
    deleted_at,
    failure,
    is_at_work,
    is_being_removed,
    is_lost,
    is_ready,
    is_starting,
    may_serve,
    node_of,
    ready_since,
    termination_deadline,
    unschedulable,
    unschedulable_since,
)

_CRASH = {"terminated": {"exitCode": 1, "reason": "Error", "message": "Unrecognized VM option 'UseG2GC'\n"}}
_LEAVING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


def test_a_healthy_pod_has_no_problem() -> None:
    pod = _pod({"ready": True, "state": {"running": {}}})
    assert failure(pod) is None
    assert unschedulable(pod) is None


def test_a_pod_that_starts_has_no_problem() -> None:
    assert failure(_pod({"ready": False, "state": {"waiting": {"reason": "ContainerCreating"}}})) is None
    assert failure(_pod({"ready": False, "state": {"running": {}}})) is None
    assert failure({"metadata": {"name": "p"}}) is None


@pytest.mark.parametrize(
    "status",
    [
        {"ready": False, "state": _CRASH},
        {
            "ready": False,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
            "lastState": _CRASH,
        },
        {"ready": False, "state": {"running": {}}, "lastState": _CRASH},
    ],
    ids=["has crashed", "backs off", "tries again"],
)
def test_a_crash_loop_quotes_the_last_words_at_every_turn(status: dict[str, Any]) -> None:
    problem = failure(_pod(status))
    assert str(problem) == "adhoc-r5-1: Error (exit code 1): Unrecognized VM option 'UseG2GC'"


def test_a_crash_is_over_when_the_container_has_started() -> None:
    assert failure(_pod({"ready": False, "started": True, "state": {"running": {}}, "lastState": _CRASH})) is None


def test_an_init_container_says_why_nothing_comes_after_it() -> None:
    words = "presto-operator: plugins.udfs: https://repo/udfs.zip can't be fetched"
    crash = {"terminated": {"exitCode": 1, "reason": "Error", "message": words}}
    waiting = {"ready": False, "state": {"waiting": {"reason": "PodInitializing"}}}
    turns: list[dict[str, Any]] = [
        {"state": crash},
        {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": crash},
        # A second attempt that runs may fail as the first did.
        {"state": {"running": {}}, "lastState": crash, "started": True},
    ]
    for turn in turns:
        problem = failure(_pod(waiting, init={"ready": False, **turn}))
        assert str(problem) == f"adhoc-r5-1: Error (exit code 1): {words}"
    through = {"ready": True, "state": {"terminated": {"exitCode": 0}}, "lastState": crash, "started": False}
    assert failure(_pod(waiting, init=through)) is None


def test_an_image_of_an_init_container_that_cannot_be_pulled_is_named() -> None:
    init = {"ready": False, "state": {"waiting": {"reason": "ErrImagePull", "message": "registry/udfs:3 not found"}}}
    waiting = {"ready": False, "state": {"waiting": {"reason": "PodInitializing"}}}
    assert str(failure(_pod(waiting, init=init))) == "adhoc-r5-1: ErrImagePull: registry/udfs:3 not found"


def test_a_pod_that_the_kubelet_turns_away_says_why() -> None:
    message = 'forbidden sysctl: "net.core.somaxconn" not allowlisted'
    turned_away = {"phase": "Failed", "reason": "SysctlForbidden", "message": message}
    assert str(failure({"metadata": {"name": "p"}, "status": turned_away})) == f"p: SysctlForbidden: {message}"
    evicted = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory"}
    assert failure({"metadata": {"name": "p"}, "status": evicted}) is None


def test_a_container_that_ended_well_is_no_crash() -> None:
    ended = {"terminated": {"exitCode": 0, "reason": "Completed"}}
    assert failure(_pod({"ready": False, "state": {"running": {}}, "lastState": ended})) is None


@pytest.mark.parametrize(
    "reason", ["ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError", "InvalidImageName"]
)
def test_a_container_that_cannot_start_says_why(reason: str) -> None:
    problem = failure(_pod({"ready": False, "state": {"waiting": {"reason": reason, "message": "not found"}}}))
    assert str(problem) == f"adhoc-r5-1: {reason}: not found"


def test_a_pod_that_leaves_does_not_fail() -> None:
    pod = _pod({"ready": False, "state": _CRASH})
    pod["metadata"] |= _LEAVING
    assert failure(pod) is None


def test_a_pod_without_a_node_says_why() -> None:
    pod = _pod({})
    pod["status"]["conditions"] = [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}
    ]
    assert str(unschedulable(pod)) == "adhoc-r5-1: Unschedulable: 0/3 nodes are available"
    pod["status"]["conditions"][0]["status"] = "True"
    assert unschedulable(pod) is None


def test_a_pod_says_since_when_no_node_was_found_for_it() -> None:
    waiting = {"type": "PodScheduled", "status": "False", "lastTransitionTime": "2026-01-01T08:30:00Z"}
    found_none = _pod({}, conditions=[{**waiting, "reason": "Unschedulable"}])
    assert unschedulable_since(found_none) == datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
    assert unschedulable_since(_pod({}, conditions=[{**waiting, "reason": "SchedulingGated"}])) is None
    assert unschedulable_since(_pod({}, conditions=[{"type": "PodScheduled", "status": "True"}])) is None
    assert unschedulable_since(_pod({})) is None
    found_none["metadata"] |= _LEAVING
    assert unschedulable_since(found_none) is None
    assert unschedulable(found_none) is None


def test_a_pod_is_on_no_node_until_the_scheduler_has_chosen_one() -> None:
    assert node_of(_pod({})) == ""
    assert node_of({**_pod({}), "spec": {"nodeName": "one"}}) == "one"


def test_a_pod_says_since_when_it_is_ready() -> None:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T08:30:00Z"}
    pod = _pod({}, conditions=[ready])
    assert ready_since(pod) == datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
    assert ready_since(_pod({}, conditions=[{**ready, "status": "False"}])) is None
    assert ready_since(_pod({}, conditions=[{"type": "Ready", "status": "True"}])) is None
    pod["metadata"] |= _LEAVING
    assert ready_since(pod) is None


def test_a_pod_was_deleted_a_grace_period_before_its_deadline() -> None:
    pod = _pod({})
    assert (termination_deadline(pod), deleted_at(pod)) == (None, None)
    pod["metadata"] |= _LEAVING | {"deletionGracePeriodSeconds": 1800}
    assert termination_deadline(pod) == datetime(2026, 1, 1, tzinfo=UTC)
    assert deleted_at(pod) == datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    assert not is_being_removed(pod)


def test_a_pod_whose_containers_have_ended_no_longer_says_when_it_was_deleted() -> None:
    pod = _pod({})
    pod["metadata"] |= _LEAVING | {"deletionGracePeriodSeconds": 0}
    assert deleted_at(pod) is None
    assert is_being_removed(pod)


def test_the_state_of_a_container_is_found_by_its_name() -> None:
    pod = _pod({"name": "presto", "state": {"running": {}}})
    assert container_state(pod, "presto") == {"running": {}}
    assert container_state(pod, "sidecar") == {}
    assert container_state({"metadata": {"name": "p"}}, "presto") == {}


@pytest.mark.parametrize(("status", "ready"), [("True", True), ("False", False), ("Unknown", False)])
def test_a_pod_is_ready_by_its_condition(status: str, *, ready: bool) -> None:
    pod = _pod({})
    pod["status"]["conditions"] = [
        {"type": "PodScheduled", "status": "True"},
        {"type": "Ready", "status": status},
    ]
    assert is_ready(pod) is ready
    pod["metadata"] |= _LEAVING
    assert not is_ready(pod)


@pytest.mark.parametrize(("seconds", "lost"), [(-1800, False), (0, False), (60, False), (61, True)])
def test_a_pod_that_should_long_be_gone_is_lost(seconds: int, *, lost: bool) -> None:
    pod = _pod({})
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert not is_lost(pod, now)
    pod["metadata"] |= _LEAVING
    assert is_lost(pod, now) is lost


@pytest.mark.parametrize(
    ("phase", "at_work"), [("Pending", True), ("Running", True), ("Failed", False), ("Succeeded", False)]
)
def test_a_pod_that_has_come_to_an_end_is_not_at_work(phase: str, *, at_work: bool) -> None:
    pod = _pod({})
    pod["status"]["phase"] = phase
    assert is_at_work(pod) is at_work
    pod["metadata"] |= _LEAVING
    assert not is_at_work(pod)


def _pod(
    container_status: dict[str, Any],
    *,
    init: dict[str, Any] | None = None,
    conditions: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    status = {
        "containerStatuses": [container_status],
        "initContainerStatuses": [init] if init else [],
        "conditions": conditions or [],
    }
    return {"metadata": {"name": "adhoc-r5-1"}, "status": status}


@pytest.mark.parametrize(
    ("status", "starting", "serving"),
    [
        ({"phase": "Pending"}, True, False),
        ({"phase": "Running"}, False, True),
        (
            {"containerStatuses": [{"name": "presto", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]},
            True,
            False,
        ),
        ({"containerStatuses": [{"name": "presto", "state": {"running": {}}, "started": False}]}, True, False),
        ({"containerStatuses": [{"name": "presto", "state": {"running": {}}, "started": True}]}, False, True),
        # A kubelet that doesn't say whether it has started may know of one that has.
        ({"containerStatuses": [{"name": "presto", "state": {"running": {}}}]}, False, True),
        ({"containerStatuses": [{"name": "presto", "state": {"terminated": {"exitCode": 1}}}]}, False, False),
        ({"containerStatuses": [{"name": "sidecar", "state": {"running": {}}, "started": False}]}, False, True),
    ],
)
def test_a_server_may_have_work_from_its_start_to_its_end(
    status: dict[str, Any], *, starting: bool, serving: bool
) -> None:
    pod = {"metadata": {"name": "w"}, "status": status}
    assert (is_starting(pod, "presto"), may_serve(pod, "presto")) == (starting, serving)

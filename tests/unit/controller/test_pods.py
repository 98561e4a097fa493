from __future__ import annotations

from typing import Any

import pytest

from presto_operator.controller.pods import failure, is_ready, unschedulable

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


def test_of_long_last_words_the_end_is_quoted() -> None:
    words = "stack " * 1000 + "the cause"
    terminated = {"terminated": {"exitCode": 100, "reason": "Error", "message": words}}
    problem = failure(_pod({"ready": False, "state": terminated}))
    assert problem is not None
    assert problem.message.endswith("the cause")
    assert len(problem.message) < 1000


def test_a_pod_without_a_node_says_why() -> None:
    pod = _pod({})
    pod["status"]["conditions"] = [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}
    ]
    assert str(unschedulable(pod)) == "adhoc-r5-1: Unschedulable: 0/3 nodes are available"
    pod["status"]["conditions"][0]["status"] = "True"
    assert unschedulable(pod) is None


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


def _pod(container_status: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "adhoc-r5-1"}, "status": {"containerStatuses": [container_status]}}

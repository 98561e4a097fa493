from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from presto_operator.reporting.drain_outcome import DrainOutcome, EndedDrain, drain_notices, ended_drain

GRACE = 350


def departed(
    state: dict[str, Any] | None,
    *,
    role: str = "worker",
    node: str = "node-1",
    grace: int = 0,
    deadline: str = "2026-01-01T12:30:00Z",
) -> dict[str, Any]:
    """A pod on its way out; unless told, one that its kubelet is through with: the deadline is the present moment."""
    statuses = [{"name": "sidecar", "state": {"running": {}}}]
    if state is not None:
        statuses.append({"name": "presto", "state": state})
    return {
        "kind": "Pod",
        "metadata": {
            "name": "worker-1",
            "uid": "1",
            "labels": {"prestooperator.io/role": role},
            "deletionTimestamp": deadline,
            "deletionGracePeriodSeconds": grace,
        },
        "spec": {"nodeName": node, "terminationGracePeriodSeconds": GRACE},
        "status": {"containerStatuses": statuses},
    }


FIRST = departed({"running": {}}, grace=GRACE, deadline="2026-01-01T12:05:50Z")
"""A pod that was deleted at noon."""


def ended(
    record: str | None,
    code: int,
    *,
    at: str = "2026-01-01T12:00:34Z",
    reason: str | None = None,
    first: dict[str, Any] = FIRST,
) -> EndedDrain:
    """What is found out about a worker whose server ended like this."""
    terminated: dict[str, Any] = {"exitCode": code, "finishedAt": at}
    if record is not None:
        terminated["message"] = f"drain: {record}\n"
    if reason is not None:
        terminated["reason"] = reason
    found = ended_drain(first, departed({"terminated": terminated}), node_is_lost=False)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("record", "code", "outcome"),
    [
        ("state=draining", 0, "Drained"),
        ("state=draining", 137, "TimedOut"),
        ("state=draining", 143, "TimedOut"),
        ("state=draining", 3, "Crashed"),
        ("state=unanswered", 137, "Unreachable"),
        ("state=unanswered", 0, "Drained"),
        ("state=refused status=403 tasks=none", 143, "Forbidden"),
        ("state=refused status=401 tasks=unknown", 137, "Forbidden"),
        ("state=refused status=403 tasks=none", 0, "Forbidden"),
        ("state=refused status=500 tasks=running", 137, "Refused"),
        ("state=deaf", 143, "Refused"),
        ("state=deaf", 0, "Drained"),
        (None, 143, "NotServing"),
        (None, 0, "Drained"),
        (None, 1, "Crashed"),
    ],
)
def test_the_outcome_is_what_the_hook_has_recorded_and_how_the_server_ended(
    record: str | None, code: int, outcome: str
) -> None:
    assert ended(record, code).outcome == outcome


def test_the_time_is_from_the_deletion_to_the_end_of_the_server() -> None:
    assert ended("state=draining", 0).seconds == 34
    shortened = departed({"running": {}}, grace=15, deadline="2026-01-01T12:00:15Z")
    assert ended("state=draining", 0, first=shortened).seconds == 34


def test_the_time_is_not_known_of_a_pod_that_was_first_seen_when_it_was_through() -> None:
    drain = ended("state=draining", 137, first=departed({"running": {}}))
    assert (drain.outcome, drain.seconds) == (DrainOutcome.TIMED_OUT, None)


def test_a_server_that_the_kernel_killed_for_its_memory_has_not_run_out_of_time() -> None:
    drain = ended("state=draining", 137, reason="OOMKilled")
    assert (drain.outcome, drain.detail) == (DrainOutcome.CRASHED, "OOMKilled, exit code 137")


def test_a_server_that_was_not_running_had_nothing_to_drain() -> None:
    drain = ended(None, 1, at="2026-01-01T11:59:30Z")
    assert (drain.outcome, drain.seconds) == (DrainOutcome.NOT_SERVING, None)


def test_a_drain_before_the_deletion_counts_without_a_time() -> None:
    # A kubelet that shuts down with its node drains pods that nobody has deleted.
    drain = ended("state=draining", 137, at="2026-01-01T11:59:30Z")
    assert (drain.outcome, drain.seconds) == (DrainOutcome.TIMED_OUT, None)


@pytest.mark.parametrize(
    ("state", "is_lost", "outcome"),
    [
        ({"running": {}}, True, "NodeLost"),
        ({"running": {}}, False, "Unknown"),
        ({"waiting": {"reason": "ContainerCreating"}}, True, "NotServing"),
        (None, False, "NotServing"),
    ],
)
def test_of_a_server_whose_end_nobody_told_its_node_is_asked_for(
    state: dict[str, Any] | None,
    is_lost: bool,  # noqa: FBT001
    outcome: str,
) -> None:
    drain = ended_drain(FIRST, departed(state), node_is_lost=is_lost)
    assert drain is not None
    assert (drain.outcome, drain.seconds) == (outcome, None)


def test_coordinators_and_pods_without_a_node_do_not_drain() -> None:
    assert ended_drain(FIRST, departed({"running": {}}, role="coordinator"), node_is_lost=True) is None
    assert ended_drain(FIRST, departed(None, node=""), node_is_lost=True) is None


def test_words_of_a_sidecar_or_of_the_server_are_no_record() -> None:
    assert ended("state=draining later: drain: state=deaf", 143).outcome is DrainOutcome.NOT_SERVING


def told(*drains: EndedDrain) -> list[tuple[str, str]]:
    return [(notice.reason, notice.message) for notice in drain_notices(drains)]


def test_what_ended_well_is_not_told_of() -> None:
    assert told(ended("state=draining", 0), ended(None, 143)) == []


def test_each_bad_outcome_says_what_to_do() -> None:
    late = "2026-01-01T12:05:52Z"
    lost = ended_drain(FIRST, departed({"running": {}}), node_is_lost=True)
    assert lost is not None
    assert told(
        ended("state=draining", 137, at=late),
        ended("state=draining", 137, at=late),
        ended("state=refused status=403 tasks=none", 143),
        ended("state=refused status=500 tasks=unknown", 137),
        ended("state=deaf", 143),
        ended("state=unanswered", 137, at=late),
        ended("state=draining", 3, reason="Error"),
        lost,
        replace(lost, pod="worker-2", node="node-2"),
    ) == [
        (
            "DrainTimedOut",
            (
                "worker-1, worker-1: killed after 352 s while still draining: its tasks have failed; set "
                "workers.drain.timeout to more than the longest query takes"
            ),
        ),
        (
            "DrainForbidden",
            (
                "worker-1: could not drain: Presto answered HTTP 403, and had no tasks left. Workers can't drain while "
                "their HTTP port requires authentication: allow PUT /v1/info/state without it"
            ),
        ),
        (
            "DrainRefused",
            "worker-1: could not drain: Presto answered HTTP 500, and did not list its tasks either; see its log",
        ),
        ("DrainRefused", "worker-1: could not drain: Presto no longer listened; see its log"),
        (
            "DrainUnreachable",
            (
                "worker-1: did not respond to the request to drain, and was killed after 352 s: its tasks have failed; "
                "check its log for long garbage collections, and its memory"
            ),
        ),
        (
            "DrainCrashed",
            "worker-1: crashed while it drained (Error, exit code 3): its tasks have failed; see its log",
        ),
        *(
            (
                "DrainNodeLost",
                (
                    f"worker-{number}: node node-{number} went away before it had drained: its remaining tasks have "
                    "failed; with queryRetry, queries that had not returned rows yet are retried"
                ),
            )
            for number in (1, 2)
        ),
    ]


def test_less_time_than_asked_for_is_named_as_the_cause() -> None:
    ((_, message),) = told(ended("state=draining", 137))
    assert message.endswith("it got less time than its grace period of 350 s, from its node or an evictor")


def test_many_that_ended_alike_are_one_notice() -> None:
    drain = ended("state=draining", 137)
    ((_, message),) = told(*(replace(drain, pod=f"worker-{number}", seconds=number) for number in range(5)))
    assert message.startswith("worker-0, worker-1, worker-2 and 2 more: killed after 0 s while still draining")


@pytest.mark.parametrize("record", [None, "state=deaf", "state=unanswered", "state=draining"])
def test_a_server_that_never_came_up_had_nothing_to_finish(record: str | None) -> None:
    first = departed({"running": {}}, grace=GRACE, deadline="2026-01-01T12:05:50Z")
    presto = first["status"]["containerStatuses"][1]
    presto["started"] = False
    assert ended(record, 1, reason="Error", first=first).outcome is DrainOutcome.NOT_SERVING
    presto["started"] = True
    assert ended(record, 1, reason="Error", first=first).outcome is DrainOutcome.CRASHED


def test_a_server_that_refuses_to_drain_while_it_starts_is_told_of() -> None:
    first = departed({"running": {}}, grace=GRACE, deadline="2026-01-01T12:05:50Z")
    first["status"]["containerStatuses"][1]["started"] = False
    assert ended("state=refused status=403", 143, first=first).outcome is DrainOutcome.FORBIDDEN

"""The drain's record from end to end: written by the real script in real shells, read as the operator reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from presto_operator.presto import DrainRecord, DrainState, RemainingTasks, drain_record_text, parse_drain_record
from presto_operator.reporting.drain_outcome import DrainOutcome, ended_drain
from tests.harness.waiting import wait_until
from tests.unit.desired.container import HANGS, Container, Presto

_KILLED = 137


@dataclass(frozen=True)
class _Case:
    presto: Presto
    record: DrainRecord
    outcome: DrainOutcome
    """After the server has been killed."""
    detail: str = ""
    listens: bool = True


def _cases() -> dict[str, _Case]:
    def refused(status: str, tasks: RemainingTasks) -> DrainRecord:
        return DrainRecord(DrainState.REFUSED, status, tasks)

    return {
        "draining": _Case(Presto([200]), DrainRecord(DrainState.DRAINING), DrainOutcome.TIMED_OUT),
        "refused with tasks": _Case(
            Presto([403], tasks=[["RUNNING"]]),
            refused("403", RemainingTasks.RUNNING),
            DrainOutcome.FORBIDDEN,
            "answered HTTP 403, and still had tasks",
        ),
        "refused without tasks": _Case(
            Presto([500], tasks=[[]]),
            refused("500", RemainingTasks.NONE),
            DrainOutcome.REFUSED,
            "answered HTTP 500, and had no tasks left",
        ),
        "refused twice": _Case(
            Presto([401], tasks=[401]),
            refused("401", RemainingTasks.UNKNOWN),
            DrainOutcome.FORBIDDEN,
            "answered HTTP 401, and did not list its tasks either",
        ),
        "unanswered": _Case(Presto([HANGS]), DrainRecord(DrainState.UNANSWERED), DrainOutcome.UNREACHABLE),
        "deaf": _Case(
            Presto([200]), DrainRecord(DrainState.DEAF), DrainOutcome.REFUSED, "no longer listened", listens=False
        ),
    }


def test_there_is_a_case_of_every_state() -> None:
    assert {case.record.state for case in _cases().values()} == set(DrainState)
    assert {case.record.tasks for case in _cases().values()} == {"", *RemainingTasks}


@pytest.mark.parametrize("name", _cases())
def test_what_the_script_records_is_what_the_operator_reads(container: Container, name: str) -> None:
    case = _cases()[name]
    container.serve(case.presto)
    if not case.listens:
        container.stop_listening()
    hook = container.run("drain")
    wait_until(
        lambda: parse_drain_record(container.recorded() or "") == case.record,
        timeout=20,
        what=f"record of {case.record}",
        interval=0.02,
    )
    container.process.kill()
    hook.wait(timeout=10)

    pod = _pod(container.recorded() or "")
    drain = ended_drain(pod, pod, node_is_lost=False)
    assert drain is not None
    assert (drain.outcome, drain.detail) == (case.outcome, case.detail)


@pytest.mark.parametrize("case", _cases().values(), ids=_cases().keys())
def test_a_record_is_found_among_other_words(case: _Case) -> None:
    assert parse_drain_record(f"a line\n{drain_record_text(case.record)}\nanother line\n") == case.record


@pytest.mark.parametrize("message", ["", "draining", "drain: state=", "a drain: state=draining", "drain: state=a b"])
def test_what_is_no_record_is_none(message: str) -> None:
    assert parse_drain_record(message) is None


def _pod(message: str) -> dict[str, Any]:
    terminated = {"exitCode": _KILLED, "finishedAt": "2026-01-01T00:00:10Z", "message": message}
    return {
        "metadata": {
            "name": "adhoc-workers-1",
            "labels": {"prestooperator.io/role": "worker"},
            "deletionTimestamp": "2026-01-01T00:30:00Z",
            "deletionGracePeriodSeconds": 1800,
        },
        "spec": {"nodeName": "r5-1", "terminationGracePeriodSeconds": 1800},
        "status": {"containerStatuses": [{"name": "presto", "state": {"terminated": terminated}}]},
    }

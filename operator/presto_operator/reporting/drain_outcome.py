"""How a worker's drain ended, by what its pod last said. Pure.

While it drains, the preStop hook keeps a record, `drain: state=...`, as the container's termination message. The
kubelet shows it in the pod's status once the container has ended, and removes the pod only then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from presto_operator.api import PRESTO_CONTAINER
from presto_operator.objects import (
    KubernetesObject,
    Notice,
    container_state,
    deleted_at,
    kubernetes_time,
    name_of,
    named,
    node_of,
    role_of,
)
from presto_operator.presto import DrainRecord, DrainState, RemainingTasks, parse_drain_record

_KILLED = (137, 143)
"""Exit codes after SIGKILL and SIGTERM: the server did not end by itself."""
_FORBIDDEN = ("401", "403")
_EARLY_SECONDS = 10
"""How much sooner than its grace period allows a server may be killed without anybody having shortened it."""


class DrainOutcome(StrEnum):
    """How it ended; the value is the metric's label."""

    DRAINED = "Drained"
    """The server took it and exited by itself."""
    TIMED_OUT = "TimedOut"
    """It was still at it when its time was up."""
    FORBIDDEN = "Forbidden"
    """It wanted somebody to log in."""
    REFUSED = "Refused"
    """It answered with an error, or no longer listened."""
    UNREACHABLE = "Unreachable"
    """It did not answer until its time was up."""
    NOT_SERVING = "NotServing"
    """It had not started, or was not running when its pod was deleted: there was nothing to finish."""
    CRASHED = "Crashed"
    """It ended with an error while it drained."""
    NODE_LOST = "NodeLost"
    """Its node was gone before it was through."""
    UNKNOWN = "Unknown"
    """The pod was removed by force, or its end was missed."""


_OUTCOME_IF_KILLED: Mapping[str, DrainOutcome] = {
    DrainState.DRAINING: DrainOutcome.TIMED_OUT,
    DrainState.UNANSWERED: DrainOutcome.UNREACHABLE,
    DrainState.DEAF: DrainOutcome.REFUSED,
}
_REMAINING_TASKS: Mapping[str, str] = {
    RemainingTasks.NONE: "had no tasks left",
    RemainingTasks.RUNNING: "still had tasks",
}

_WORDS = {
    DrainOutcome.TIMED_OUT: "still draining{after}, when its time was up: its tasks have failed; {advice}",
    DrainOutcome.FORBIDDEN: (
        "could not be told to drain: Presto {detail}. It can't drain while authentication is asked for on the "
        "workers' HTTP port: let PUT /v1/info/state pass there"
    ),
    DrainOutcome.REFUSED: "could not be told to drain: Presto {detail}; its log may tell why",
    DrainOutcome.UNREACHABLE: (
        "did not answer{after}, until its time was up: its tasks have failed; look for long garbage collections in its "
        "log, and at its memory"
    ),
    DrainOutcome.CRASHED: "ended while it drained ({detail}): its tasks have failed; its log tells more",
    DrainOutcome.NODE_LOST: (
        "node {node} was gone before it had drained: the tasks that it still had have failed; queries that had sent no "
        "row yet are run again where queryRetry is on"
    ),
}
"""What happened and what to do next, of the outcomes that somebody has to know of."""


@dataclass(frozen=True)
class EndedDrain:
    """A worker that was told to leave, and is gone."""

    pod: str
    node: str
    outcome: DrainOutcome
    seconds: float | None
    """From the moment that the pod was deleted to the end of its server; None if that isn't known."""
    allowed_seconds: float
    """Its pod's grace period."""
    detail: str = ""
    """What is known beside the outcome."""


def ended_drain(first: KubernetesObject, last: KubernetesObject, *, node_is_lost: bool) -> EndedDrain | None:
    """How the drain of a pod ended that was on its way out and is gone.

    None: it was no worker, or never had a node.

    Args:
        first: the pod as it was first seen on its way out; when it was deleted is told by that alone.
        last: the pod as it was last seen.
        node_is_lost: whether its node is known to be gone or silent.
    """
    if role_of(last) != "worker" or not node_of(last):
        return None
    terminated: Mapping[str, Any] = container_state(last, PRESTO_CONTAINER).get("terminated") or {}
    deleted = deleted_at(first)
    finished = kubernetes_time(terminated.get("finishedAt"))
    record = parse_drain_record(terminated.get("message", ""))
    if terminated:
        was_running = finished is None or deleted is None or finished >= deleted
        outcome = _outcome(record, terminated, was_running=was_running)
    else:
        outcome = _outcome_without_end(last, node_is_lost=node_is_lost)
    return EndedDrain(
        pod=name_of(last),
        node=node_of(last),
        outcome=outcome,
        seconds=(finished - deleted).total_seconds() if finished and deleted and finished >= deleted else None,
        allowed_seconds=float(last["spec"].get("terminationGracePeriodSeconds", 0)),
        detail=_detail(outcome, record, terminated),
    )


def drain_notices(ended: Sequence[EndedDrain]) -> list[Notice]:
    """What to tell of drains that ended badly, with what to do about it: a notice for those that ended alike."""
    alike: dict[tuple[DrainOutcome, str, str], list[EndedDrain]] = {}
    for drain in ended:
        if drain.outcome in _WORDS:
            node = drain.node if drain.outcome is DrainOutcome.NODE_LOST else ""
            alike.setdefault((drain.outcome, node, drain.detail), []).append(drain)
    return [
        Notice("Warning", f"Drain{outcome}", f"{_names(drains)}: {_told(drains[0])}")
        for (outcome, _, _), drains in alike.items()
    ]


def _outcome(record: DrainRecord | None, terminated: Mapping[str, Any], *, was_running: bool) -> DrainOutcome:
    if record is not None and record.state == DrainState.REFUSED:
        # It doesn't matter how it ended: nobody could tell it to finish its tasks.
        return DrainOutcome.FORBIDDEN if record.status in _FORBIDDEN else DrainOutcome.REFUSED
    if record is None and not was_running:
        return DrainOutcome.NOT_SERVING
    if terminated.get("exitCode") == 0:
        # It may have taken what it did not answer to.
        return DrainOutcome.DRAINED
    if terminated.get("reason") == "OOMKilled" or terminated.get("exitCode") not in _KILLED:
        return DrainOutcome.CRASHED
    return _OUTCOME_IF_KILLED.get(record.state if record else "", DrainOutcome.NOT_SERVING)


def _outcome_without_end(pod: KubernetesObject, *, node_is_lost: bool) -> DrainOutcome:
    state = container_state(pod, PRESTO_CONTAINER)
    if "running" not in state:
        return DrainOutcome.NOT_SERVING
    return DrainOutcome.NODE_LOST if node_is_lost else DrainOutcome.UNKNOWN


def _detail(outcome: DrainOutcome, record: DrainRecord | None, terminated: Mapping[str, Any]) -> str:
    if outcome is DrainOutcome.CRASHED:
        return f"{terminated.get('reason', 'Error')}, exit code {terminated.get('exitCode')}"
    if record is None:
        return ""
    if record.state == DrainState.REFUSED:
        told = _REMAINING_TASKS.get(record.tasks, "would not tell of its tasks either")
        return f"answered HTTP {record.status}, and {told}"
    return "no longer listened" if record.state == DrainState.DEAF else ""


def _told(drain: EndedDrain) -> str:
    """What happened, and what to do next."""
    after = f" after {drain.seconds:.0f} s" if drain.seconds is not None else ""
    return _WORDS[drain.outcome].format(after=after, node=drain.node, detail=drain.detail, advice=_more_time(drain))


def _more_time(drain: EndedDrain) -> str:
    if drain.seconds is not None and drain.seconds < drain.allowed_seconds - _EARLY_SECONDS:
        return (
            f"whoever removed it, or its node, gave it less than the {drain.allowed_seconds:.0f} s of its grace period"
        )
    return "raise workers.drain.timeout above the time of the longest query"


def _names(drains: Sequence[EndedDrain]) -> str:
    return named(sorted(drain.pod for drain in drains))

"""How a worker's drain ended, by the last status of its pod. Pure.

While a worker drains, its preStop hook keeps a record, `drain: state=...`, in the container's termination message. The
kubelet reports it in the pod's status once the container has ended, and removes the pod only then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from presto_operator.api import PRESTO_CONTAINER
from presto_operator.objects import (
    EventReason,
    KubernetesObject,
    Notice,
    container_state,
    deleted_at,
    is_starting,
    kubernetes_time,
    name_of,
    named,
    node_of,
    role_of,
)
from presto_operator.presto import DrainRecord, DrainState, RemainingTasks, parse_drain_record

_KILLED = (137, 143)
"""Exit codes after SIGKILL and SIGTERM: the server did not exit by itself."""
_FORBIDDEN = ("401", "403")
_EARLY_SECONDS = 10
"""How much sooner than its grace period a server may be killed without the grace period having been shortened."""


class DrainOutcome(StrEnum):
    """How a drain ended; the value is the metric's label."""

    DRAINED = "Drained"
    """The server accepted the request, finished its tasks and exited by itself."""
    TIMED_OUT = "TimedOut"
    """It still had tasks at the end of its grace period."""
    FORBIDDEN = "Forbidden"
    """It required authentication."""
    REFUSED = "Refused"
    """It answered with an error, or no longer listened."""
    UNREACHABLE = "Unreachable"
    """It did not respond until the end of its grace period."""
    NOT_SERVING = "NotServing"
    """It had never started, or was not running, when its pod was deleted: it had no tasks."""
    CRASHED = "Crashed"
    """It ended with an error while it drained."""
    NODE_LOST = "NodeLost"
    """Its node went away before it had drained."""
    UNKNOWN = "Unknown"
    """The pod was force-deleted, or its end was not observed."""


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
    DrainOutcome.TIMED_OUT: "killed{after} while still draining: its tasks have failed; {advice}",
    DrainOutcome.FORBIDDEN: (
        "could not drain: Presto {detail}. Workers can't drain while their HTTP port requires authentication: allow "
        "PUT /v1/info/state without it"
    ),
    DrainOutcome.REFUSED: "could not drain: Presto {detail}; see its log",
    DrainOutcome.UNREACHABLE: (
        "did not respond to the request to drain, and was killed{after}: its tasks have failed; check its log for long "
        "garbage collections, and its memory"
    ),
    DrainOutcome.CRASHED: "crashed while it drained ({detail}): its tasks have failed; see its log",
    DrainOutcome.NODE_LOST: (
        "node {node} went away before it had drained: its remaining tasks have failed; with queryRetry, queries that "
        "had not returned rows yet are retried"
    ),
}
"""What happened and what to do about it, for the outcomes that are worth an Event."""

_EVENT_REASONS = {
    DrainOutcome.TIMED_OUT: EventReason.DRAIN_TIMED_OUT,
    DrainOutcome.FORBIDDEN: EventReason.DRAIN_FORBIDDEN,
    DrainOutcome.REFUSED: EventReason.DRAIN_REFUSED,
    DrainOutcome.UNREACHABLE: EventReason.DRAIN_UNREACHABLE,
    DrainOutcome.CRASHED: EventReason.DRAIN_CRASHED,
    DrainOutcome.NODE_LOST: EventReason.DRAIN_NODE_LOST,
}


@dataclass(frozen=True)
class EndedDrain:
    """A worker that was deleted, and is gone."""

    pod: str
    node: str
    outcome: DrainOutcome
    seconds: float | None
    """From the deletion of the pod to the end of its server; None if unknown."""
    allowed_seconds: float
    """Its pod's grace period."""
    detail: str = ""
    """More about the outcome, in words."""


def ended_drain(first: KubernetesObject, last: KubernetesObject, *, node_is_lost: bool) -> EndedDrain | None:
    """How the drain of a pod ended that was terminating and is gone; None if it was no worker, or never had a node.

    Args:
        first: the pod as it was first seen terminating: it says when the pod was deleted, and whether it served then.
        last: the pod as it was last seen.
        node_is_lost: whether its node is known to be gone or silent.
    """
    if role_of(last) != "worker" or not node_of(last):
        return None
    terminated: Mapping[str, Any] = container_state(last, PRESTO_CONTAINER).get("terminated") or {}
    deleted = deleted_at(first)
    finished = kubernetes_time(terminated.get("finishedAt"))
    record = parse_drain_record(terminated.get("message", ""))
    has_refused = record is not None and record.state == DrainState.REFUSED
    if is_starting(first, PRESTO_CONTAINER) and not has_refused:
        outcome = DrainOutcome.NOT_SERVING
    elif terminated:
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
    """The Events about drains that ended badly, with what to do about it: one for all that ended alike."""
    alike: dict[tuple[DrainOutcome, str, str], list[EndedDrain]] = {}
    for drain in ended:
        if drain.outcome in _WORDS:
            node = drain.node if drain.outcome is DrainOutcome.NODE_LOST else ""
            alike.setdefault((drain.outcome, node, drain.detail), []).append(drain)
    return [
        Notice("Warning", _EVENT_REASONS[outcome], f"{_names(drains)}: {_told(drains[0])}")
        for (outcome, _, _), drains in alike.items()
    ]


def _outcome(record: DrainRecord | None, terminated: Mapping[str, Any], *, was_running: bool) -> DrainOutcome:
    if record is not None and record.state == DrainState.REFUSED:
        # However it ended: it answered, and did not drain.
        return DrainOutcome.FORBIDDEN if record.status in _FORBIDDEN else DrainOutcome.REFUSED
    if record is None and not was_running:
        return DrainOutcome.NOT_SERVING
    if terminated.get("exitCode") == 0:
        # It may have accepted a request that it did not answer.
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
        told = _REMAINING_TASKS.get(record.tasks, "did not list its tasks either")
        return f"answered HTTP {record.status}, and {told}"
    return "no longer listened" if record.state == DrainState.DEAF else ""


def _told(drain: EndedDrain) -> str:
    """What happened, and what to do about it."""
    after = f" after {drain.seconds:.0f} s" if drain.seconds is not None else ""
    return _WORDS[drain.outcome].format(after=after, node=drain.node, detail=drain.detail, advice=_more_time(drain))


def _more_time(drain: EndedDrain) -> str:
    if drain.seconds is not None and drain.seconds < drain.allowed_seconds - _EARLY_SECONDS:
        return f"it got less time than its grace period of {drain.allowed_seconds:.0f} s, from its node or an evictor"
    return "set workers.drain.timeout to more than the longest query takes"


def _names(drains: Sequence[EndedDrain]) -> str:
    return named(sorted(drain.pod for drain in drains))

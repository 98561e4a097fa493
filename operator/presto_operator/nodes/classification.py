"""From a Node object to the signal about its removal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from presto_operator.nodes.sightings import Sightings
from presto_operator.nodes.signal import Signal, Urgency, worst
from presto_operator.nodes.taints import KNOWN_TAINTS, TaintMeaning
from presto_operator.objects import condition_of, is_terminating, kubernetes_time

_SHUTDOWN_MESSAGE = "node is shutting down"
"""The kubelet's message (nodeShutdownNotReadyMessage) while it terminates the pods: the notice on GKE."""

_SHUTDOWN_NOTICE = timedelta(seconds=15)
"""What GKE's kubelet gives user pods to terminate."""

_UNREACHABLE_TAINT = "node.kubernetes.io/unreachable"
_NOT_REPORTING = "the node's kubelet doesn't report"
_NOT_READY_TAINT = "node.kubernetes.io/not-ready"


@dataclass(frozen=True)
class Patience:
    """How long an unhealthy node may take to recover before it counts as lost."""

    unreachable: timedelta = timedelta(seconds=60)
    """For a node whose kubelet doesn't report. Kubernetes itself has waited 40 s or 50 s by then. The node isn't lost
    immediately because its pods may be fine and only the control plane not reached."""
    not_ready: timedelta = timedelta(seconds=300)
    """For a node whose kubelet reports that it isn't ready: the time after which Kubernetes itself evicts the pods."""


def node_signal(
    node: Mapping[str, Any],
    now: datetime,
    *,
    extra_taints: Sequence[TaintMeaning] = (),
    patience: Patience | None = None,
    sightings: Sightings | None = None,
) -> Signal:
    """What a Node object says about the node's removal: the most severe of its signals.

    Args:
        node: the Node, as the API server has it.
        now: the time. With time alone, a signal only gets more severe.
        extra_taints: taints to recognise beside the known ones.
        patience: how long an unhealthy node may take to recover.
        sightings: since when nodes have been seen to be unhealthy; by default, since now.
    """
    patience = patience or Patience()
    taints: list[Mapping[str, Any]] = node.get("spec", {}).get("taints") or []
    announced = [*_from_taints(taints, [*KNOWN_TAINTS, *extra_taints]), *_from_object(node)]
    if any(signal.urgency is Urgency.LEAVING for signal in announced):
        # Its removal was announced, so if it stops reporting, it has been removed.
        patience = replace(patience, unreachable=timedelta(0))
    shutdown = _from_shutdown(condition_of(node, "Ready") or {})
    unwell = _from_readiness(node, taints, now, patience, sightings or Sightings())
    return worst([*announced, *shutdown, *unwell])


def gone_node_signal() -> Signal:
    """The signal of a node that doesn't exist. Valid only once all nodes have been listed."""
    return Signal(Urgency.LOST, "NodeGone", "the node no longer exists", needs_replacement=True)


def _from_taints(taints: Sequence[Mapping[str, Any]], meanings: Sequence[TaintMeaning]) -> Iterator[Signal]:
    for taint in taints:
        for meaning in meanings:
            signal = meaning.signal(taint)
            if signal is not None:
                yield signal


def _from_object(node: Mapping[str, Any]) -> Iterator[Signal]:
    if node.get("spec", {}).get("unschedulable"):
        yield Signal(Urgency.AT_RISK, "Cordoned", "the node is cordoned", needs_replacement=True)
    if is_terminating(node):
        yield Signal(Urgency.LEAVING, "NodeDeleted", "the Node is being deleted", needs_replacement=True)


def _from_shutdown(ready: Mapping[str, Any]) -> Iterator[Signal]:
    since = kubernetes_time(ready.get("lastTransitionTime"))
    if ready.get("status") == "False" and _SHUTDOWN_MESSAGE in str(ready.get("message", "")):
        yield Signal(
            Urgency.LEAVING,
            "NodeShutdown",
            "the node is shutting down",
            since + _SHUTDOWN_NOTICE if since else None,
            _SHUTDOWN_NOTICE,
            needs_replacement=True,
        )


def _from_readiness(
    node: Mapping[str, Any],
    taints: Sequence[Mapping[str, Any]],
    now: datetime,
    patience: Patience,
    sightings: Sightings,
) -> list[Signal]:
    """The signals of an unhealthy node: lost after `patience` since it was first seen to be unhealthy."""
    found = list(_unwell(condition_of(node, "Ready") or {}, taints, patience))
    sightings.keep(node, [(item.reason, item.stamp) for item in found])
    return [item.signal(now - sightings.since(node, item.reason, item.stamp, now)) for item in found]


@dataclass(frozen=True)
class _Unwell:
    """One thing that a Node says of its health."""

    reason: str
    message: str
    stamp: str
    """Since when, by the API server's clock, which is only compared with itself."""
    patience: timedelta

    def signal(self, lasted: timedelta) -> Signal:
        if lasted < self.patience:
            return Signal(Urgency.AT_RISK, self.reason, self.message, needs_replacement=True)
        words = f", for more than {self.patience.total_seconds():.0f} s" if self.patience else ""
        return Signal(Urgency.LOST, self.reason, f"{self.message}{words}", needs_replacement=True)


def _unwell(ready: Mapping[str, Any], taints: Sequence[Mapping[str, Any]], patience: Patience) -> Iterator[_Unwell]:
    stamp = str(ready.get("lastTransitionTime", ""))
    if ready.get("status") == "Unknown":
        yield _Unwell("NodeUnreachable", _NOT_REPORTING, stamp, patience.unreachable)
    elif ready.get("status") == "False":
        why = str(ready.get("message") or ready.get("reason") or "no reason given")
        yield _Unwell("NodeNotReady", f"the node is not ready: {why}", stamp, patience.not_ready)
    for taint in taints:
        added = str(taint.get("timeAdded", ""))
        if taint.get("key") == _UNREACHABLE_TAINT:
            yield _Unwell("NodeUnreachable", _NOT_REPORTING, added, patience.unreachable)
        elif taint.get("key") == _NOT_READY_TAINT:
            yield _Unwell("NodeNotReady", "the node is not ready", added, patience.not_ready)

"""From a Node to what is to be expected of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from presto_operator.nodes.signal import Signal, Urgency, worst
from presto_operator.nodes.taints import KNOWN_TAINTS, TaintMeaning
from presto_operator.objects import condition_of, kubernetes_time

_SHUTDOWN_MESSAGE = "node is shutting down"
"""The kubelet's own words (nodeShutdownNotReadyMessage), while it ends the pods: the notice on GKE."""

_SHUTDOWN_NOTICE = timedelta(seconds=15)
"""What GKE's kubelet gives pods of users."""

_UNREACHABLE_TAINT = "node.kubernetes.io/unreachable"
_NOT_READY_TAINT = "node.kubernetes.io/not-ready"


@dataclass(frozen=True)
class Patience:
    """How long a node that is not well may get over it before it counts as lost."""

    unreachable: timedelta = timedelta(seconds=60)
    """For a node whose kubelet is silent. Kubernetes has waited for 40 s or 50 s by then. Its pods may be well, if only
    the control plane doesn't see it, which is why it isn't lost at once."""
    not_ready: timedelta = timedelta(seconds=300)
    """For a node whose kubelet says that it isn't ready: as long as Kubernetes itself waits before it evicts."""


def node_signal(
    node: Mapping[str, Any],
    now: datetime,
    *,
    extra_taints: Sequence[TaintMeaning] = (),
    patience: Patience | None = None,
) -> Signal:
    """What a Node object tells of its future: the most severe of all that it tells.

    Args:
        node: the Node, as the API server has it.
        now: the time; more time never makes a node look better.
        extra_taints: what further taints mean, beside the known ones.
        patience: how long a node that is not well may get over it.
    """
    patience = patience or Patience()
    taints: list[Mapping[str, Any]] = node.get("spec", {}).get("taints") or []
    announced = [*_from_taints(taints, [*KNOWN_TAINTS, *extra_taints]), *_from_object(node)]
    if any(signal.urgency is Urgency.LEAVING for signal in announced):
        # A node that was said to go, and falls silent, has gone.
        patience = replace(patience, unreachable=timedelta(0))
    return worst([*announced, *_from_readiness(node, taints, now, patience)])


def gone_node_signal() -> Signal:
    """What it means that a pod's node doesn't exist. To be asked only if all nodes are known for certain."""
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
    if node.get("metadata", {}).get("deletionTimestamp"):
        yield Signal(Urgency.LEAVING, "NodeDeleted", "the Node is being deleted", needs_replacement=True)


def _from_readiness(
    node: Mapping[str, Any], taints: Sequence[Mapping[str, Any]], now: datetime, patience: Patience
) -> Iterator[Signal]:
    ready = condition_of(node, "Ready") or {}
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
    if ready.get("status") == "Unknown":
        yield _unwell("NodeUnreachable", "the node's kubelet is silent", since, now, patience.unreachable)
    elif ready.get("status") == "False":
        said = str(ready.get("message") or ready.get("reason") or "no reason given")
        yield _unwell("NodeNotReady", f"the node is not ready: {said}", since, now, patience.not_ready)
    for taint in taints:
        added = kubernetes_time(taint.get("timeAdded"))
        if taint.get("key") == _UNREACHABLE_TAINT:
            yield _unwell("NodeUnreachable", "the node's kubelet is silent", added, now, patience.unreachable)
        elif taint.get("key") == _NOT_READY_TAINT:
            yield _unwell("NodeNotReady", "the node is not ready", added, now, patience.not_ready)


def _unwell(reason: str, message: str, since: datetime | None, now: datetime, patience: timedelta) -> Signal:
    """A node that isn't well, and is lost if that has been so for longer than `patience`; if it isn't known since
    when, it is not lost: nothing is given up on missing data."""
    if since is not None and now - since >= patience:
        return Signal(Urgency.LOST, reason, f"{message}, and that for too long", needs_replacement=True)
    return Signal(Urgency.AT_RISK, reason, message, needs_replacement=True)

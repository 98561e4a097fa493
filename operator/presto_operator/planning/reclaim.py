"""Which pods have to be deleted because of their nodes. Pure.

The Node objects are the record, and a pod that is terminating says so itself: nothing has to be remembered, and a
restarted operator continues where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from presto_operator.nodes import (
    NO_SIGNAL,
    Patience,
    Sightings,
    Signal,
    TaintMeaning,
    Urgency,
    gone_node_signal,
    is_closed_to,
    node_signal,
)
from presto_operator.objects import (
    EventReason,
    KubernetesObject,
    Notice,
    clock_time,
    is_at_work,
    is_being_removed,
    name_of,
    node_is_ready,
    node_of,
    role_of,
)

_ENDLESS_PATIENCE = Patience(unreachable=timedelta.max, not_ready=timedelta.max)


@dataclass(frozen=True)
class Reclaim:
    """A pod whose node is leaving, or lost."""

    pod: KubernetesObject
    signal: Signal
    """What the node signals."""

    @property
    def node(self) -> str:
        """The node's name."""
        return node_of(self.pod)

    @property
    def is_lost(self) -> bool:
        """Whether the pod can't drain: its object is removed at once, without waiting for the kubelet."""
        return self.signal.urgency is Urgency.LOST


@dataclass(frozen=True)
class NodeSignals:
    """What the nodes signal at one moment."""

    find: Callable[[str], KubernetesObject | None]
    """Finds a node by name; None if it isn't known."""
    now: datetime
    extra_taints: tuple[TaintMeaning, ...] = ()
    """Further taints, from the operator's settings."""
    sightings: Sightings = field(default_factory=Sightings, compare=False)
    """Since when nodes have been seen to be unhealthy."""
    all_nodes: Callable[[], Iterable[KubernetesObject]] = tuple
    """All nodes that are known."""
    is_any_ready: bool = True
    """Whether any node is ready. If none is, the API server itself is probably cut off, so silent nodes are ignored."""
    _signals: dict[str, Signal] = field(default_factory=dict, init=False, repr=False, compare=False)

    def signal(self, name: str) -> Signal:
        """What the node of this name says of its future. Each node is evaluated once."""
        if name not in self._signals:
            self._signals[name] = self._signal(name)
        return self._signals[name]

    def _signal(self, name: str) -> Signal:
        node = self.find(name)
        if node is None:
            return gone_node_signal()
        patience = None if self.is_any_ready else _ENDLESS_PATIENCE
        return node_signal(node, self.now, extra_taints=self.extra_taints, patience=patience, sightings=self.sightings)

    def reclaim(self, pod: KubernetesObject) -> Reclaim | None:
        """The reclaim of a pod because of its node; None if it may stay.

        A pod on a leaving node stays if the scheduler could place it there again: its replacement could start on the
        same node, be deleted at once, and so on.
        """
        name = node_of(pod)
        if not name:
            return None
        signal = self.signal(name)
        if signal.urgency is Urgency.LOST:
            return None if is_being_removed(pod) else Reclaim(pod, signal)
        node = self.find(name)
        is_announced = signal.urgency is Urgency.LEAVING or (is_coordinator(pod) and self._may_be_evicted(pod, signal))
        is_to_leave = is_announced and is_at_work(pod)
        return Reclaim(pod, signal) if is_to_leave and node is not None and is_closed_to(node, pod) else None

    def _may_be_evicted(self, coordinator: KubernetesObject, signal: Signal) -> bool:
        """Whether somebody waits for the coordinator to leave its node: its budget refuses `kubectl drain`.

        It moves by itself if there is another node for it. One that is merely silent for a moment doesn't count.
        """
        node = self.find(node_of(coordinator))
        is_waited_for = signal.urgency is Urgency.AT_RISK and signal.needs_replacement and self.is_any_ready
        if node is None or not is_waited_for or not node_is_ready(node):
            return False
        return any(not is_closed_to(other, coordinator) for other in self.all_nodes())

    def is_first_to_go(self, pod: KubernetesObject) -> bool:
        """Whether the pod is removed before others because its node may go away."""
        name = node_of(pod)
        return bool(name) and self.is_any_ready and self.signal(name).urgency >= Urgency.AT_RISK

    def is_to_be_replaced(self, pod: KubernetesObject) -> bool:
        """Whether this worker is to be replaced because its node may go away.

        Not if the scheduler could place it there again: the replacement could start on the same node, and so on. While
        no node is ready, no worker is replaced: the API server itself is probably cut off.
        """
        name = node_of(pod)
        if not name or not self.is_any_ready or not is_at_work(pod) or is_coordinator(pod):
            return False
        signal = self.signal(name)
        node = self.find(name)
        is_worth_it = signal.urgency is Urgency.AT_RISK and signal.needs_replacement
        return is_worth_it and node is not None and is_closed_to(node, pod)


def reclaims(pods: Iterable[KubernetesObject], nodes: NodeSignals) -> list[Reclaim]:
    """The pods that have to be deleted. Confirm lost ones by reading their nodes; see `Reclaim.is_lost`."""
    return [reclaim for pod in pods if (reclaim := nodes.reclaim(pod)) is not None]


def is_coordinator(pod: KubernetesObject) -> bool:
    """Whether the pod is a coordinator: all queries fail with it, whereas a worker can drain."""
    return role_of(pod) == "coordinator"


def reclaim_notices(done: Sequence[Reclaim], now: datetime) -> list[Notice]:
    """The Events about pods that have been deleted: one per node."""
    groups: dict[tuple[str, bool], list[Reclaim]] = {}
    for reclaim in done:
        groups.setdefault((reclaim.node, reclaim.is_lost), []).append(reclaim)
    return [_notice(node, group, now, is_lost=is_lost) for (node, is_lost), group in sorted(groups.items(), key=_first)]


def waiting_coordinator_notice(reclaim: Reclaim, now: datetime) -> Notice:
    """The Event about a coordinator whose node is leaving while queries run."""
    if reclaim.signal.urgency is Urgency.AT_RISK:
        message = f"{waiting_coordinator_words(reclaim)}; until then, evictions of it are refused"
        return Notice("Normal", EventReason.COORDINATOR_NODE_CORDONED, message)
    return Notice(
        "Warning",
        EventReason.COORDINATOR_NODE_LEAVING,
        f"node {reclaim.node}: {_told(reclaim.signal, now)}; coordinator {name_of(reclaim.pod)} moves once no queries "
        "run; queries that still run when the node goes away fail",
    )


def waiting_coordinator_words(reclaim: Reclaim) -> str:
    """What a coordinator waits for that is to move."""
    return (
        f"node {reclaim.node}: {reclaim.signal.message}; coordinator {name_of(reclaim.pod)} moves to another node once "
        "no queries run, however long that takes"
    )


def node_digest(
    node: KubernetesObject, now: datetime, extra_taints: Sequence[TaintMeaning], sightings: Sightings
) -> Hashable:
    """The part of a node that decisions about its pods depend on. If it is unchanged, no new pass is needed."""
    signal = node_signal(node, now, extra_taints=extra_taints, sightings=sightings)
    if signal.urgency < Urgency.AT_RISK:
        return NO_SIGNAL.urgency
    return signal.urgency, signal.reason, signal.deadline, signal.needs_replacement, is_closed_to(node, {})


def _notice(node: str, group: Sequence[Reclaim], now: datetime, *, is_lost: bool) -> Notice:
    signal = group[0].signal
    names = ", ".join(sorted(name_of(reclaim.pod) for reclaim in group))
    if is_lost:
        return Notice("Warning", EventReason.NODE_LOST, f"node {node}: {signal.message}; replacing: {names}")
    # A coordinator is deleted in a moment without queries, and has nothing to drain.
    what = "replacing" if is_coordinator(group[0].pod) else "draining and replacing"
    message = f"node {node}: {_told(signal, now)}; {what}: {names}"
    return Notice("Normal", EventReason.NODE_RECLAIMED, message)


def _told(signal: Signal, now: datetime) -> str:
    deadline = signal.deadline_if_begun(now)
    return signal.message + (f", until {clock_time(deadline)}" if deadline else "")


def _first(item: tuple[tuple[str, bool], list[Reclaim]]) -> tuple[str, bool]:
    return item[0]

"""Which pods have to go because of what their nodes say. Pure.

The nodes' own objects are the record of what goes on, and a pod that is being deleted says so itself: nothing has to be
remembered, and a restarted operator goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from presto_operator.nodes import (
    NO_SIGNAL,
    Patience,
    Signal,
    TaintMeaning,
    Urgency,
    gone_node_signal,
    is_closed_to,
    node_signal,
)
from presto_operator.objects import (
    KubernetesObject,
    Notice,
    clock_time,
    is_at_work,
    is_being_removed,
    name_of,
    node_of,
    role_of,
)

_ENDLESS_PATIENCE = Patience(unreachable=timedelta.max, not_ready=timedelta.max)


@dataclass(frozen=True)
class Reclaim:
    """A pod whose node goes, or is gone."""

    pod: KubernetesObject
    signal: Signal
    """What the node says."""

    @property
    def node(self) -> str:
        """The node's name."""
        return node_of(self.pod)

    @property
    def is_lost(self) -> bool:
        """Whether nothing can be waited for: the pod's object is removed, rather than the pod asked to end."""
        return self.signal.urgency is Urgency.LOST


@dataclass(frozen=True)
class NodeSignals:
    """What is known of nodes at one moment."""

    find: Callable[[str], KubernetesObject | None]
    """The node of a name; None: there is none, as far as is known."""
    now: datetime
    extra_taints: tuple[TaintMeaning, ...] = ()
    """What further taints mean, by the operator's settings."""
    is_any_ready: bool = True
    """Whether any node is well. If none is, silence says more of whoever listens than of a node."""
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
        return node_signal(node, self.now, extra_taints=self.extra_taints, patience=patience)

    def reclaim(self, pod: KubernetesObject) -> Reclaim | None:
        """What has to become of a pod because of its node; None: nothing.

        A pod on a leaving node is left alone if the node would take it again: its replacement could come up just there,
        and have to go at once, and so on.
        """
        name = node_of(pod)
        if not name:
            return None
        signal = self.signal(name)
        if signal.urgency is Urgency.LOST:
            return None if is_being_removed(pod) else Reclaim(pod, signal)
        node = self.find(name)
        is_to_leave = signal.urgency is Urgency.LEAVING and is_at_work(pod)
        return Reclaim(pod, signal) if is_to_leave and node is not None and is_closed_to(node, pod) else None

    def is_first_to_go(self, pod: KubernetesObject) -> bool:
        """Whether the pod's node may go, so that it leaves before others do."""
        name = node_of(pod)
        return bool(name) and self.is_any_ready and self.signal(name).urgency >= Urgency.AT_RISK

    def is_to_be_replaced(self, pod: KubernetesObject) -> bool:
        """Whether another worker shall take over from this one, as its node may go.

        Not if the node would take it again: the other one could come up just there, and so on. While no node at all is
        ready, nobody is replaced: it may be that just nobody hears of them.
        """
        name = node_of(pod)
        if not name or not self.is_any_ready or not is_at_work(pod) or is_coordinator(pod):
            return False
        signal = self.signal(name)
        node = self.find(name)
        is_worth_it = signal.urgency is Urgency.AT_RISK and signal.needs_replacement
        return is_worth_it and node is not None and is_closed_to(node, pod)


def reclaims(pods: Iterable[KubernetesObject], nodes: NodeSignals) -> list[Reclaim]:
    """The pods that have to go. A lost one is to be confirmed by asking for its node; see `Reclaim.is_lost`."""
    return [reclaim for pod in pods if (reclaim := nodes.reclaim(pod)) is not None]


def is_coordinator(pod: KubernetesObject) -> bool:
    """Whether the pod is a coordinator: its end fails every query, where a worker's can be waited for."""
    return role_of(pod) == "coordinator"


def reclaim_notices(done: Sequence[Reclaim], now: datetime) -> list[Notice]:
    """What to tell of pods that have been deleted: a notice for each node and what became of its pods."""
    groups: dict[tuple[str, bool], list[Reclaim]] = {}
    for reclaim in done:
        groups.setdefault((reclaim.node, reclaim.is_lost), []).append(reclaim)
    return [_notice(node, group, now, is_lost=is_lost) for (node, is_lost), group in sorted(groups.items(), key=_first)]


def waiting_coordinator_notice(reclaim: Reclaim, now: datetime) -> Notice:
    """What to tell of a coordinator whose node leaves while queries run."""
    return Notice(
        "Warning",
        "CoordinatorNodeLeaving",
        f"node {reclaim.node}: {_told(reclaim.signal, now)}; coordinator {name_of(reclaim.pod)} moves as soon as no "
        "query is unfinished; those that the node's end finds fail",
    )


def node_digest(node: KubernetesObject, now: datetime, extra_taints: Sequence[TaintMeaning]) -> Hashable:
    """What of a node a decision about its pods hangs on. Equal: nothing has to be done anew."""
    signal = node_signal(node, now, extra_taints=extra_taints)
    if signal.urgency < Urgency.AT_RISK:
        return NO_SIGNAL.urgency
    return signal.urgency, signal.reason, signal.deadline, signal.needs_replacement, is_closed_to(node, {})


def _notice(node: str, group: Sequence[Reclaim], now: datetime, *, is_lost: bool) -> Notice:
    signal = group[0].signal
    names = ", ".join(sorted(name_of(reclaim.pod) for reclaim in group))
    if is_lost:
        return Notice("Warning", "NodeReclaimed", f"node {node}: {signal.message}; removed and replaced: {names}")
    what = "draining, and replaced at once"
    return Notice("Normal", "NodeReclaimed", f"node {node}: {_told(signal, now)}; {what}: {names}")


def _told(signal: Signal, now: datetime) -> str:
    deadline = signal.deadline_if_begun(now)
    return signal.message + (f", until {clock_time(deadline)}" if deadline else "")


def _first(item: tuple[tuple[str, bool], list[Reclaim]]) -> tuple[str, bool]:
    return item[0]

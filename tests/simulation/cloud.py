"""Nodes, and what happens to them: the cloud, the kubelets' heartbeats, and Kubernetes' node lifecycle controller."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from presto_operator.objects import KubernetesObject, format_time, kubernetes_time, node_is_ready, node_of
from tests.simulation.clock import Clock
from tests.unit.fake_kubernetes import FakeKubernetes

MOST_NODES = 10
PODS_ON_A_NODE = 2
SPOT_TAINT = "aws-node-termination-handler/spot-itn"
RISK_TAINT = "aws-node-termination-handler/rebalance-recommendation"

_NOTICE = timedelta(seconds=120)
_UNREACHABLE_AFTER = timedelta(seconds=40)
"""Kubernetes' --node-monitor-grace-period."""
_EVICTED_AFTER = timedelta(seconds=300)
"""The default toleration of node.kubernetes.io/unreachable."""
_REMOVED_AFTER = timedelta(seconds=60)
_POD_GC_AFTER = timedelta(seconds=40)
"""The quarantine of Kubernetes' pod garbage collector, before it removes pods of a node that is no more."""


class Cloud:
    """The nodes. A silent one's kubelet doesn't report; its machine is off, or cut off."""

    def __init__(self, api: FakeKubernetes, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self.count = 0
        self.silent: dict[str, datetime] = {}
        """Since when the kubelets of these nodes don't report."""
        self._ends: dict[str, datetime] = {}
        """When nodes that are being reclaimed lose their power."""
        self._gone: dict[str, datetime] = {}
        """When nodes that had pods went away."""
        self.is_short = False
        """Whether no more nodes can be had."""

    def nodes(self) -> list[KubernetesObject]:
        """All Node objects."""
        return [obj for (kind, _, _), obj in self._api.objects.items() if kind == "Node"]

    def is_working(self, name: str) -> bool:
        """Whether servers on this node run and can be reached."""
        return ("Node", "", name) in self._api.objects and name not in self.silent

    def join(self) -> str:
        """Start a node; returns its name."""
        self.count += 1
        name = f"node-{self.count}"
        condition = {"type": "Ready", "status": "True", "lastTransitionTime": format_time(self._clock.now)}
        self._api.keep(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name},
                "spec": {},
                "status": {"conditions": [condition]},
            }
        )
        return name

    def taint(self, node: KubernetesObject, key: str) -> None:
        """Announce that a node is reclaimed, or may be."""
        taint = {"key": key, "effect": "NoSchedule", "timeAdded": format_time(self._clock.now)}
        self._set_spec(node, taints=[*node["spec"].get("taints", []), taint])
        if key == SPOT_TAINT:
            self._ends.setdefault(node["metadata"]["name"], self._clock.now + _NOTICE)

    def untaint(self, node: KubernetesObject) -> None:
        """Take everything back that was announced of a node."""
        self._ends.pop(node["metadata"]["name"], None)
        self._set_spec(node, taints=[], unschedulable=False)

    def cordon(self, node: KubernetesObject) -> None:
        """Keep new pods away from a node."""
        self._set_spec(node, unschedulable=True)

    def silence(self, name: str) -> None:
        """Cut a node off."""
        self.silent.setdefault(name, self._clock.now)

    def recover(self, name: str) -> None:
        """Let a node report again."""
        self.silent.pop(name, None)
        node = self._api.objects.get(("Node", "", name))
        if node is not None and not node_is_ready(node):
            self._set_ready(node, "True")

    def vanish(self, name: str) -> None:
        """Remove a node: machine and object."""
        node = self._api.objects.get(("Node", "", name))
        if node is not None:
            self._api.remove(node)
        self.silent.pop(name, None)
        self._ends.pop(name, None)
        self._gone[name] = self._clock.now

    def tick(self) -> None:
        """Let happen what is due."""
        now = self._clock.now
        for name, end in list(self._ends.items()):
            if now >= end + _REMOVED_AFTER:
                self.vanish(name)
            elif now >= end:
                self.silence(name)
        for node in self.nodes():
            name = node["metadata"]["name"]
            since = self.silent.get(name)
            if since is not None and now - since >= _UNREACHABLE_AFTER and node_is_ready(node):
                self._set_ready(node, "Unknown")
        for pod in [obj for (kind, _, _), obj in self._api.objects.items() if kind == "Pod"]:
            self._look_after(pod, now)

    def _look_after(self, pod: KubernetesObject, now: datetime) -> None:
        name = node_of(pod)
        if not name or self.is_working(name):
            return
        node = self._api.objects.get(("Node", "", name))
        if node is None:
            if now - self._gone.get(name, now) >= _POD_GC_AFTER:
                self._api.remove(pod)
            return
        if node_is_ready(node):
            return
        if any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"]):
            self._api.keep(with_readiness(pod, now, is_ready=False))
        elif now - self.silent[name] >= _EVICTED_AFTER:
            self._api.terminate(pod)

    def _set_ready(self, node: KubernetesObject, status: str) -> None:
        now = format_time(self._clock.now)
        taints = [taint for taint in node["spec"].get("taints", []) if taint["key"] != "node.kubernetes.io/unreachable"]
        if status == "Unknown":
            taints.append({"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": now})
        condition = {"type": "Ready", "status": status, "lastTransitionTime": now}
        self._api.keep(
            {**_anew(node), "spec": {**node["spec"], "taints": taints}, "status": {"conditions": [condition]}}
        )

    def _set_spec(self, node: KubernetesObject, **fields: Any) -> None:
        self._api.keep({**_anew(node), "spec": {**node["spec"], **fields}})


def _anew(obj: KubernetesObject) -> KubernetesObject:
    """The object with metadata of its own, so that it can be kept as another version."""
    return {**obj, "metadata": dict(obj["metadata"])}


def with_readiness(pod: KubernetesObject, now: datetime, *, is_ready: bool) -> KubernetesObject:
    """A pod whose condition Ready is this from now on."""
    others = [condition for condition in pod["status"]["conditions"] if condition["type"] != "Ready"]
    ready = {"type": "Ready", "status": str(is_ready), "lastTransitionTime": format_time(now)}
    return {**_anew(pod), "status": {**pod["status"], "conditions": [*others, ready]}}


def ready_for(pod: KubernetesObject, now: datetime) -> timedelta | None:
    """How long a pod has been ready; None if it isn't."""
    for condition in pod["status"]["conditions"]:
        if condition["type"] == "Ready" and condition["status"] == "True":
            since = kubernetes_time(condition["lastTransitionTime"])
            return now - since if since is not None else None
    return None

"""The scheduler and the kubelets: how a pod gets a node, starts, fails, drains and ends."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from presto_operator.nodes import is_closed_to
from presto_operator.objects import (
    KubernetesObject,
    format_time,
    is_terminating,
    kubernetes_time,
    name_of,
    node_of,
    role_of,
    uid_of,
)
from tests.simulation.clock import Clock
from tests.simulation.cloud import PODS_ON_A_NODE, Cloud, with_readiness
from tests.simulation.specs import BAD_FLAG, BAD_TAG
from tests.unit.fake_kubernetes import FakeKubernetes

_DRAIN = timedelta(seconds=20)
_END = timedelta(seconds=3)


class Kubelets:
    """Takes each pod one step further at a time."""

    def __init__(self, api: FakeKubernetes, clock: Clock, cloud: Cloud) -> None:
        self._api = api
        self._clock = clock
        self._cloud = cloud
        self._begun: dict[str, datetime] = {}
        """When the server of each pod was started, by uid."""
        self._bad: set[str] = set()
        """The pods whose servers can't start, by uid. A pod keeps the files that it has mounted."""

    def tick(self) -> None:
        """Let happen what is due."""
        pods = [obj for (kind, _, _), obj in self._api.objects.items() if kind == "Pod"]
        placed = Counter(node_of(pod) for pod in pods)
        for pod in pods:
            if not node_of(pod):
                self._schedule(pod, placed)
            elif self._cloud.is_working(node_of(pod)):
                self._run(pod)

    def crash(self, pod: KubernetesObject) -> None:
        """Let the server of a pod crash; it is started again at once."""
        self._begun[uid_of(pod)] = self._clock.now
        self._api.keep(
            with_readiness(
                _with_server(pod, {"running": {}}, crashed="OutOfMemoryError"), self._clock.now, is_ready=False
            )
        )

    def _schedule(self, pod: KubernetesObject, placed: Counter[str]) -> None:
        if is_terminating(pod):
            self._api.remove(pod)
            return
        free = [
            node
            for node in self._cloud.nodes()
            if placed[name_of(node)] < PODS_ON_A_NODE and not is_closed_to(node, pod)
        ]
        if not free:
            self._api.keep(_unschedulable(pod, self._clock.now)) if not pod["status"]["conditions"] else None
            return
        chosen = min(free, key=lambda node: (placed[name_of(node)], name_of(node)))
        placed[name_of(chosen)] += 1
        scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": format_time(self._clock.now)}
        self._api.keep(
            {
                **pod,
                "metadata": dict(pod["metadata"]),
                "spec": {**pod["spec"], "nodeName": name_of(chosen)},
                "status": {"phase": "Pending", "conditions": [scheduled]},
            }
        )

    def _run(self, pod: KubernetesObject) -> None:
        now = self._clock.now
        if is_terminating(pod):
            self._end(pod, now)
            return
        server = _server(pod)
        if server.get("started"):
            if not any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"]):
                self._api.keep(with_readiness(pod, now, is_ready=True))
            return
        if "running" in server.get("state", {}):
            self._start(pod, now)
        elif not server and self._is_mountable(pod):
            self._begun[uid_of(pod)] = now
            if self._has_bad_flag(pod):
                self._bad.add(uid_of(pod))
            if BAD_TAG in pod["spec"]["containers"][0]["image"]:
                self._api.keep(_with_server(pod, {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}))
            else:
                self._api.keep(_with_server(pod, {"running": {}}))

    def _start(self, pod: KubernetesObject, now: datetime) -> None:
        # By the pod's own number: the hashes in its name change with each release of the operator.
        number = name_of(pod).rpartition("-")[2]
        takes = timedelta(seconds=8 + crc32(number.encode()) % 20)
        if now - self._begun[uid_of(pod)] < takes:
            return
        if uid_of(pod) in self._bad:
            waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}
            self._api.keep(_with_server(pod, waiting, crashed=f"Unrecognized VM option {BAD_FLAG}"))
        else:
            started = _with_server(pod, {"running": {}}, started=True)
            self._api.keep(
                with_readiness({**started, "status": {**started["status"], "phase": "Running"}}, now, is_ready=True)
            )

    def _end(self, pod: KubernetesObject, now: datetime) -> None:
        takes = _DRAIN if role_of(pod) == "worker" and _server(pod).get("started") else _END
        begun = kubernetes_time(pod["metadata"]["deletionTimestamp"])
        grace = pod["metadata"].get("deletionGracePeriodSeconds") or 0
        if begun is None or now - (begun - timedelta(seconds=grace)) >= takes:
            self._api.remove(pod)

    def _is_mountable(self, pod: KubernetesObject) -> bool:
        namespace = pod["metadata"]["namespace"]
        return all((kind, namespace, name) in self._api.objects for kind, name in mounted(pod["spec"]))

    def _has_bad_flag(self, pod: KubernetesObject) -> bool:
        namespace = pod["metadata"]["namespace"]
        files = [self._api.objects.get((kind, namespace, name), {}) for kind, name in mounted(pod["spec"])]
        return any(BAD_FLAG in (obj.get("data") or {}).get("jvm.config", "") for obj in files)


def mounted(pod_spec: KubernetesObject) -> set[tuple[str, str]]:
    """The ConfigMaps and Secrets that a pod mounts, by kind and name."""
    return {
        (kind, source[field]["name"])
        for volume in pod_spec.get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret"))
        if field in source
    }


def _server(pod: KubernetesObject) -> dict[str, Any]:
    statuses: list[dict[str, Any]] = pod["status"].get("containerStatuses", [])
    return statuses[0] if statuses else {}


def _with_server(
    pod: KubernetesObject, state: dict[str, Any], *, started: bool = False, crashed: str = ""
) -> KubernetesObject:
    server = {"name": pod["spec"]["containers"][0]["name"], "state": state, "started": started, "ready": started}
    if crashed:
        server["lastState"] = {"terminated": {"exitCode": 1, "reason": "Error", "message": crashed}}
    return {**pod, "metadata": dict(pod["metadata"]), "status": {**pod["status"], "containerStatuses": [server]}}


def _unschedulable(pod: KubernetesObject, now: datetime) -> KubernetesObject:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/10 nodes are available",
        "lastTransitionTime": format_time(now),
    }
    return {**pod, "metadata": dict(pod["metadata"]), "status": {"phase": "Pending", "conditions": [condition]}}

"""Kubernetes' Deployment and ReplicaSet controllers, and its garbage collector."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from typing import Any
from zlib import crc32

from presto_operator.objects import (
    KubernetesObject,
    controller_of,
    is_at_work,
    is_ready,
    label_of,
    name_of,
    node_of,
    ready_since,
    uid_of,
    wanted_replicas,
)
from tests.simulation.clock import Clock
from tests.simulation.cloud import ready_for
from tests.unit.fake_kubernetes import FakeKubernetes

_COST = "controller.kubernetes.io/pod-deletion-cost"


class Controllers:
    """Takes each Deployment one step further at a time. ReplicaSets are but names, by which pods find their owner."""

    def __init__(self, api: FakeKubernetes, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._hashes: dict[tuple[str, int], str] = {}
        self.count = 0
        self.most_pods: int | None = None
        """A quota; None: there is none."""
        self.are_late = False
        """Whether the status of Deployments isn't written for the time being."""

    def tick(self) -> None:
        """Let happen what is due."""
        self._collect_garbage()
        pods: dict[str, list[KubernetesObject]] = defaultdict(list)
        for (kind, _, _), obj in self._api.objects.items():
            if kind == "Pod":
                pods[owning_deployment(obj)].append(obj)
        for deployment in [obj for (kind, _, _), obj in self._api.objects.items() if kind == "Deployment"]:
            self._step(deployment, pods[uid_of(deployment)])

    def _collect_garbage(self) -> None:
        uids = {uid_of(obj) for obj in self._api.objects.values()}
        for obj in list(self._api.objects.values()):
            owner = controller_of(obj)
            if owner is None:
                continue
            if obj["kind"] == "Pod" and owner["kind"] == "ReplicaSet":
                if owning_deployment(obj) not in uids:
                    self._api.terminate(obj)
            elif owner["uid"] not in uids and owner["kind"] == "PrestoCluster":
                self._api.remove(obj)

    def _step(self, deployment: KubernetesObject, pods: list[KubernetesObject]) -> None:
        current = self._hash(deployment)
        at_work = [pod for pod in pods if is_at_work(pod)]
        new = [pod for pod in at_work if label_of(pod, "pod-template-hash") == current]
        old = [pod for pod in at_work if pod not in new]
        wanted = wanted_replicas(deployment)
        missing = wanted - len(new)
        if deployment["spec"]["strategy"]["type"] == "Recreate":
            to_end = old
            is_free = all(label_of(pod, "pod-template-hash") == current for pod in pods)
            missing = missing if is_free else 0
        else:
            to_end = old[: max(0, sum(map(is_ready, new)) + len(old) - wanted)]
            missing = min(missing, wanted + 1 - len(at_work)) if old else missing
        refused = ""
        for _ in range(missing):
            refused = self._create(deployment, current)
            if refused:
                break
        for pod in (*to_end, *sorted(new, key=removal_rank)[: max(0, len(new) - wanted)]):
            self._api.terminate(pod)
        if not self.are_late:
            self._write_status(deployment, current, refused)

    def _create(self, deployment: KubernetesObject, template_hash: str) -> str:
        """Create a pod; returns why it was refused, if it was."""
        namespace = deployment["metadata"]["namespace"]
        template = deployment["spec"]["template"]
        account = template["spec"].get("serviceAccountName", "default")
        if account != "default" and ("ServiceAccount", namespace, account) not in self._api.objects:
            return f'error looking up service account {namespace}/{account}: serviceaccount "{account}" not found'
        count = sum(1 for kind, _, _ in self._api.objects if kind == "Pod")
        if self.most_pods is not None and count >= self.most_pods:
            return f"exceeded quota: pods, requested: pods=1, limited: pods={self.most_pods}"
        self.count += 1
        replica_set = f"{name_of(deployment)}-{template_hash}"
        self._api.keep(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": f"{replica_set}-{self.count}",
                    "namespace": namespace,
                    "labels": {**template["metadata"]["labels"], "pod-template-hash": template_hash},
                    "annotations": dict(template["metadata"].get("annotations", {})),
                    "ownerReferences": [
                        {
                            "apiVersion": "apps/v1",
                            "kind": "ReplicaSet",
                            "name": replica_set,
                            "uid": f"{uid_of(deployment)}/{template_hash}",
                            "controller": True,
                        }
                    ],
                },
                "spec": template["spec"],
                "status": {"phase": "Pending", "conditions": []},
            }
        )
        return ""

    def _write_status(self, deployment: KubernetesObject, current: str, refused: str) -> None:
        now = self._clock.now
        live = self._api.objects.get(("Deployment", deployment["metadata"]["namespace"], name_of(deployment)))
        if live is None:
            return
        pods = [
            obj
            for (kind, _, _), obj in self._api.objects.items()
            if kind == "Pod" and owning_deployment(obj) == uid_of(deployment) and is_at_work(obj)
        ]
        lasting = timedelta(seconds=deployment["spec"].get("minReadySeconds", 0))
        since = [ready_for(pod, now) for pod in pods if is_ready(pod)]
        status: dict[str, Any] = {
            "observedGeneration": live["metadata"]["generation"],
            "replicas": len(pods),
            "updatedReplicas": sum(label_of(pod, "pod-template-hash") == current for pod in pods),
            "readyReplicas": len(since),
            "availableReplicas": sum(1 for spell in since if spell is not None and spell >= lasting),
        }
        if refused:
            status["conditions"] = [{"type": "ReplicaFailure", "status": "True", "message": refused}]
        if live.get("status") != status:
            self._api.keep({**live, "metadata": dict(live["metadata"]), "status": status})

    def _hash(self, deployment: KubernetesObject) -> str:
        version = uid_of(deployment), deployment["metadata"]["generation"]
        if version not in self._hashes:
            template = json.dumps(deployment["spec"]["template"], sort_keys=True)
            self._hashes[version] = f"{crc32(template.encode()):08x}"
        return self._hashes[version]


def owning_deployment(pod: KubernetesObject) -> str:
    """The uid of the Deployment that a pod belongs to; empty if it belongs to none."""
    owner = controller_of(pod)
    return str(owner["uid"]).partition("/")[0] if owner is not None and owner["kind"] == "ReplicaSet" else ""


def removal_rank(pod: KubernetesObject) -> tuple[bool, bool, int, float]:
    """Which of several pods a ReplicaSet deletes first: without a node, not ready, cheap, ready since lately."""
    cost = int(pod["metadata"].get("annotations", {}).get(_COST, "0"))
    since = ready_since(pod)
    return bool(node_of(pod)), is_ready(pod), cost, -since.timestamp() if since is not None else 0.0

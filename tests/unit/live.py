"""Children and pods as the API server has them when the other controllers have done their part."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from presto_operator.api import PrestoCluster
from presto_operator.desired import render_generation
from presto_operator.objects import (
    CLUSTER_LABEL,
    GENERATION_LABEL,
    POOL_LABEL,
    REVISION_LABEL,
    ROLE_LABEL,
    KubernetesObject,
)
from presto_operator.planning.observation import Observation
from presto_operator.planning.plan import NOTHING_WAITS, Hold, Plan, plan
from presto_operator.planning.serving import serving_generation
from presto_operator.presto.load import ClusterLoad

TEMPLATE_HASH = "5d4f8b9c6d"
"""What the Deployment controller calls each ReplicaSet here."""


def owned_pod(name: str, cluster: str, **metadata: Any) -> KubernetesObject:
    """A worker of a cluster as far as its metadata tell, with these further ones."""
    deployment_name = f"{cluster}-workers-cafe0001"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "analytics",
            "uid": name,
            "labels": {
                CLUSTER_LABEL: cluster,
                ROLE_LABEL: "worker",
                POOL_LABEL: "workers",
                REVISION_LABEL: "cafe0001",
                "pod-template-hash": TEMPLATE_HASH,
            },
            "ownerReferences": [_replica_set(deployment_name)],
            **metadata,
        },
    }


def _replica_set(deployment_name: str) -> KubernetesObject:
    name = f"{deployment_name}-{TEMPLATE_HASH}"
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": name, "controller": True}


def load(
    *, running: int = 0, blocked: int = 0, queued: int = 0, waiting: int = 0, held_back: int = 0, active: int = 1
) -> ClusterLoad:
    """A cluster's load at a moment that doesn't matter."""
    return ClusterLoad(
        at=datetime(2026, 1, 1, tzinfo=UTC),
        running=running,
        blocked=blocked,
        queued=queued,
        waiting=waiting,
        held_back=held_back,
        active_workers=active,
    )


def planned(cluster: PrestoCluster, seen: Observation, hold: Hold = NOTHING_WAITS) -> Plan:
    """What is planned where as many workers are wanted as the spec says."""
    serving = serving_generation(seen, cluster.name, None)
    return plan(
        cluster, render_generation(cluster), seen, hold, serving=serving, wanted_workers=cluster.spec.workers.replicas
    )


def deployment(desired: KubernetesObject, *, ready: int | None = None) -> KubernetesObject:
    """A Deployment with this many of its pods ready: all of them unless told."""
    live = copy.deepcopy(desired)
    generation = live["metadata"].setdefault("generation", 1)
    replicas = live["spec"]["replicas"]
    live["status"] = {
        "observedGeneration": generation,
        "replicas": replicas,
        "updatedReplicas": replicas,
        "readyReplicas": replicas if ready is None else ready,
        "availableReplicas": replicas if ready is None else ready,
    }
    return live


def pods(desired: KubernetesObject, *, is_ready: bool = True) -> list[KubernetesObject]:
    """The pods of a Deployment."""
    template = desired["spec"]["template"]
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{desired['metadata']['name']}-{number}",
                "namespace": desired["metadata"]["namespace"],
                "uid": f"{desired['metadata']['name']}-{number}",
                "labels": {**template["metadata"]["labels"], "pod-template-hash": TEMPLATE_HASH},
                "ownerReferences": [_replica_set(desired["metadata"]["name"])],
            },
            "spec": copy.deepcopy(template["spec"]),
            "status": {"conditions": [{"type": "Ready", "status": str(is_ready)}]},
        }
        for number in range(desired["spec"]["replicas"])
    ]


def observation(
    objects: Iterable[KubernetesObject],
    *,
    ready_workers: int | None = None,
    is_coordinator_ready: bool = True,
    load: ClusterLoad | None = None,
) -> Observation:
    """What is seen once these objects have been applied, with so many workers of each pool ready."""
    children = []
    its_pods = []
    for obj in objects:
        if obj["kind"] != "Deployment":
            children.append(copy.deepcopy(obj))
            continue
        is_coordinator = role(obj) == "coordinator"
        ready = int(is_coordinator_ready) if is_coordinator else ready_workers
        children.append(deployment(obj, ready=ready))
        its_pods += pods(obj, is_ready=is_coordinator_ready if is_coordinator else ready != 0)
    return Observation(tuple(children), tuple(its_pods), load)


def joined(*parts: Observation) -> Observation:
    """All that is in the parts; of two objects of one name, the first."""
    children: dict[tuple[str, str], Any] = {}
    pods: dict[str, Any] = {}
    for part in parts:
        for obj in part.children:
            children.setdefault((obj["kind"], obj["metadata"]["name"]), obj)
        for pod in part.pods:
            pods.setdefault(pod["metadata"]["name"], pod)
    return Observation(tuple(children.values()), tuple(pods.values()), parts[0].load)


def role(obj: KubernetesObject) -> str:
    """The role that an object is labelled with."""
    found: str = obj["metadata"].get("labels", {}).get(ROLE_LABEL, "")
    return found


def generation(obj: KubernetesObject) -> str:
    """The generation that an object is labelled with."""
    found: str = obj["metadata"].get("labels", {}).get(GENERATION_LABEL, "")
    return found


def pool(obj: KubernetesObject) -> str:
    """The pool that an object is labelled with."""
    found: str = obj["metadata"].get("labels", {}).get(POOL_LABEL, "")
    return found

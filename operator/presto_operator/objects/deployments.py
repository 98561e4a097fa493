"""What a Deployment's spec and status say. Pure."""

from __future__ import annotations

from presto_operator.objects.labels import POOL_LABEL
from presto_operator.objects.object import KubernetesObject


def wanted_replicas(deployment: KubernetesObject) -> int:
    """How many pods the Deployment shall have."""
    return int(deployment["spec"].get("replicas", 1))


def present_replicas(deployment: KubernetesObject) -> int:
    """How many pods it has, without those that leave."""
    return int(deployment.get("status", {}).get("replicas", 0))


def ready_replicas(deployment: KubernetesObject) -> int:
    """How many of its pods are ready."""
    return int(deployment.get("status", {}).get("readyReplicas", 0))


def available_replicas(deployment: KubernetesObject) -> int:
    """How many of its pods have been ready for long enough that their coordinator knows them."""
    return int(deployment.get("status", {}).get("availableReplicas", 0))


def is_known_to_presto(deployment: KubernetesObject) -> bool:
    """Whether all of its workers have been ready for long enough that their coordinator knows them."""
    return is_rolled_out(deployment) and available_replicas(deployment) == wanted_replicas(deployment)


def is_told_of(deployment: KubernetesObject) -> bool:
    """Whether its status speaks of what it shall be now."""
    observed: int = deployment.get("status", {}).get("observedGeneration", 0)
    return observed >= int(deployment["metadata"].get("generation", 0))


def is_rolled_out(deployment: KubernetesObject) -> bool:
    """Whether all the pods that the Deployment shall have are there, are ready, and are of its newest template."""
    status: dict[str, int] = deployment.get("status", {})
    wanted = wanted_replicas(deployment)
    return (
        is_told_of(deployment)
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("readyReplicas", 0) == wanted
    )


def pool_of(deployment: KubernetesObject) -> str:
    """The pool whose workers the Deployment runs."""
    pool: str = deployment["metadata"].get("labels", {}).get(POOL_LABEL, "")
    return pool

"""What is known of a cluster at one moment, and the generations in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from presto_operator.controller.pods import is_ready
from presto_operator.desired import GENERATION_LABEL, POOL_LABEL, ROLE_LABEL, KubernetesObject
from presto_operator.presto.stats import ClusterStats


@dataclass(frozen=True)
class Observation:
    """The cluster's children and pods as the watches have seen them, and what Presto says of itself."""

    children: tuple[KubernetesObject, ...]
    pods: tuple[KubernetesObject, ...]
    stats: ClusterStats | None
    """None: the coordinator could not be asked, or there is none yet."""

    def deployments(self, role: str, generation: str | None = None) -> list[KubernetesObject]:
        """The Deployments of a role, of one generation or of all."""
        return [
            obj
            for obj in self.children
            if obj["kind"] == "Deployment"
            and _label(obj, ROLE_LABEL) == role
            and generation in (None, _label(obj, GENERATION_LABEL))
        ]

    def generations(self) -> list[str]:
        """The generations that have a coordinator's or a pool's Deployment, by name."""
        return sorted({_label(obj, GENERATION_LABEL) for obj in self.children if obj["kind"] == "Deployment"})

    def serving_generation(self, cluster_name: str) -> str | None:
        """The generation that clients are led to; None if there is no Service for them yet.

        The Service itself is the record of it, so an operator that was restarted goes on where it was.
        """
        for obj in self.children:
            if obj["kind"] == "Service" and obj["metadata"]["name"] == cluster_name:
                generation: str | None = obj["spec"].get("selector", {}).get(GENERATION_LABEL)
                return generation
        return None

    def pods_of(self, role: str) -> list[KubernetesObject]:
        """The pods of a role."""
        return [pod for pod in self.pods if _label(pod, ROLE_LABEL) == role]

    def coordinator_is_ready(self, generation: str) -> bool:
        """Whether a coordinator of this generation takes queries."""
        return any(is_ready(pod) for pod in self.pods_of("coordinator") if _label(pod, GENERATION_LABEL) == generation)


def wanted_replicas(deployment: KubernetesObject) -> int:
    """How many pods the Deployment shall have."""
    return int(deployment["spec"].get("replicas", 1))


def ready_replicas(deployment: KubernetesObject) -> int:
    """How many of its pods are ready."""
    return int(deployment.get("status", {}).get("readyReplicas", 0))


def is_known_to_presto(deployment: KubernetesObject) -> bool:
    """Whether all of its workers have been ready for long enough that their coordinator knows them."""
    return is_rolled_out(deployment) and int(deployment["status"].get("availableReplicas", 0)) == wanted_replicas(
        deployment
    )


def is_rolled_out(deployment: KubernetesObject) -> bool:
    """Whether all the pods that the Deployment shall have are there, are ready, and are of its newest template."""
    status: dict[str, int] = deployment.get("status", {})
    wanted = wanted_replicas(deployment)
    generation: int = deployment["metadata"].get("generation", 0)
    return (
        status.get("observedGeneration", 0) >= generation
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("readyReplicas", 0) == wanted
    )


def pool_of(deployment: KubernetesObject) -> str:
    """The pool whose workers the Deployment runs."""
    return _label(deployment, POOL_LABEL)


def _label(obj: KubernetesObject, name: str) -> str:
    value: str = obj["metadata"].get("labels", {}).get(name, "")
    return value

"""A cluster's objects at one moment, and the generations in it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from presto_operator.api import PoolLimit
from presto_operator.objects import (
    GENERATION_LABEL,
    POOL_LABEL,
    REVISION_LABEL,
    KubernetesObject,
    available_replicas,
    failure,
    generation_of,
    is_at_work,
    is_ready,
    is_terminating,
    label_of,
    name_of,
    pool_of,
    ready_replicas,
    role_of,
    wanted_replicas,
)
from presto_operator.planning.reclaim import NodeSignals
from presto_operator.presto import ClusterLoad
from presto_operator.scaling import AtRisk, Revision


@dataclass(frozen=True)
class Observation:
    """The cluster's objects and pods as the watches have seen them, and the load that Presto reports."""

    children: tuple[KubernetesObject, ...]
    pods: tuple[KubernetesObject, ...]
    load: ClusterLoad | None
    """None if the coordinator did not respond, or doesn't exist yet."""
    first_to_go: frozenset[str] = frozenset()
    """The names of pods on nodes that may go away: a scale-down removes them first."""
    to_be_replaced: frozenset[str] = frozenset()
    """Those of them that are to be replaced."""

    def deployments(self, role: str, generation: str | None = None) -> list[KubernetesObject]:
        """The Deployments of a role, of one generation or of all."""
        return [
            obj
            for obj in self.children
            if obj["kind"] == "Deployment" and role_of(obj) == role and generation in (None, generation_of(obj))
        ]

    def generations(self) -> list[str]:
        """The generations that have a coordinator's or a pool's Deployment, by name."""
        return sorted({generation_of(obj) for obj in self.children if obj["kind"] == "Deployment"})

    def pods_of(self, role: str) -> list[KubernetesObject]:
        """The pods of a role."""
        return [pod for pod in self.pods if role_of(pod) == role]

    def leaving_workers(self) -> list[KubernetesObject]:
        """The worker pods that are terminating."""
        return [pod for pod in self.pods_of("worker") if is_terminating(pod)]

    def workers_of(self, deployment: KubernetesObject) -> list[KubernetesObject]:
        """The pods of a pool's Deployment, including terminating ones."""
        labels = (POOL_LABEL, GENERATION_LABEL, REVISION_LABEL)
        own = [label_of(deployment, name) for name in labels]
        return [pod for pod in self.pods_of("worker") if [label_of(pod, name) for name in labels] == own]

    def pods_of_deployment(self, deployment: KubernetesObject) -> list[KubernetesObject]:
        """The pods of any Deployment, including terminating ones and those that have ended."""
        if role_of(deployment) == "worker":
            return self.workers_of(deployment)
        generation = generation_of(deployment)
        return [pod for pod in self.pods_of("coordinator") if generation_of(pod) == generation]

    def revisions(self, generation: str, wanted: Collection[str]) -> list[Revision]:
        """The workers of each revision in a generation; `wanted` names the Deployments that match the spec."""
        return [self._revision(deployment, wanted) for deployment in self.deployments("worker", generation)]

    def at_risk(self, generation: str) -> dict[str, AtRisk]:
        """The workers that are to be replaced because their nodes may go away, by their Deployment."""
        counts = {}
        for deployment in self.deployments("worker", generation):
            pods = [pod for pod in self.at_work(deployment) if name_of(pod) in self.to_be_replaced]
            if pods:
                ready = sum(1 for pod in pods if is_ready(pod))
                counts[name_of(deployment)] = AtRisk(len(pods), ready)
        return counts

    def at_work(self, deployment: KubernetesObject) -> list[KubernetesObject]:
        """The pods of a pool's Deployment, without those that are terminating or have ended."""
        return [pod for pod in self.workers_of(deployment) if is_at_work(pod)]

    def _revision(self, deployment: KubernetesObject, wanted: Collection[str]) -> Revision:
        name = name_of(deployment)
        pods = self.at_work(deployment)
        # A Deployment's own count lags behind the end of a pod: a worker counted twice might be removed for it.
        ready_pods = sum(1 for pod in pods if is_ready(pod))
        ready = min(ready_replicas(deployment), ready_pods)
        return Revision(
            name=name,
            pool=pool_of(deployment),
            is_wanted=name in wanted,
            replicas=wanted_replicas(deployment),
            pods=len(pods),
            ready=ready,
            available=min(ready, available_replicas(deployment)),
            failing=sum(1 for pod in pods if failure(pod)),
            uncounted=ready_pods - ready,
        )

    def coordinator_is_ready(self, generation: str) -> bool:
        """Whether a coordinator of this generation is ready."""
        return any(is_ready(pod) for pod in self.pods_of("coordinator") if generation_of(pod) == generation)


def observe(
    children: Iterable[KubernetesObject],
    pods: Iterable[KubernetesObject],
    nodes: NodeSignals | None,
    load: ClusterLoad | None = None,
) -> Observation:
    """Observe a cluster.

    Args:
        children: its children.
        pods: its pods, without those that are lost.
        nodes: what the pods' nodes signal; None while not all of them are known.
        load: the load that its Presto reports; None if it did not respond.
    """
    found = tuple(pods)
    risky = [pod for pod in found if nodes is not None and nodes.is_first_to_go(pod)]
    to_be_replaced = [pod for pod in risky if nodes is not None and nodes.is_to_be_replaced(pod)]
    known = tuple(_with_lasting_labels(child) if child["kind"] == "Deployment" else child for child in children)
    return Observation(known, found, load, _names(risky), _names(to_be_replaced))


def _with_lasting_labels(deployment: KubernetesObject) -> KubernetesObject:
    """A Deployment with the labels of its selector, which can't be edited: its own ones can."""
    metadata = deployment["metadata"]
    labels = metadata.get("labels") or {}
    lasting = {**labels, **deployment["spec"].get("selector", {}).get("matchLabels", {})}
    return deployment if lasting == labels else {**deployment, "metadata": {**metadata, "labels": lasting}}


def _names(pods: Iterable[KubernetesObject]) -> frozenset[str]:
    return frozenset(map(name_of, pods))


@dataclass(frozen=True)
class PoolCount:
    """The workers of a pool, over all of its revisions."""

    name: str
    wanted: int
    ready: int


@dataclass(frozen=True)
class Serving:
    """The serving generation."""

    generation: str | None
    """The generation that clients reach."""
    pools: tuple[PoolCount, ...]
    """Its workers."""
    limits: Mapping[str, PoolLimit] = field(default_factory=dict)
    """Its pools that get fewer workers than their share for now."""


def pool_counts(
    observation: Observation, generation: str | None, wanted_by_pool: Mapping[str, int] | None
) -> list[PoolCount]:
    """The workers of each pool in a generation.

    `wanted_by_pool` has the desired numbers; if it is None, they are those of the Deployments.
    """
    deployments = observation.deployments("worker", generation) if generation else []
    counts = []
    for name in dict.fromkeys(pool_of(deployment) for deployment in deployments):
        own = [deployment for deployment in deployments if pool_of(deployment) == name]
        asked_for = sum(wanted_replicas(deployment) for deployment in own)
        counts.append(
            PoolCount(
                name,
                asked_for if wanted_by_pool is None else wanted_by_pool.get(name, 0),
                sum(ready_replicas(deployment) for deployment in own),
            )
        )
    return counts

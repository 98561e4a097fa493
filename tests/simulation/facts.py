"""What is true of a simulated cluster, whether or not the operator knows it yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from presto_operator.objects import (
    GENERATION_LABEL,
    KubernetesObject,
    available_replicas,
    generation_of,
    is_at_work,
    is_owned_by,
    is_ready,
    is_status_current,
    node_of,
    ready_replicas,
    role_of,
    uid_of,
    wanted_replicas,
)
from tests.simulation.deployments import owning_deployment
from tests.unit.fake_kubernetes import Identity

Objects = Mapping[Identity, KubernetesObject]
NAMESPACE = "analytics"
CLUSTER = "adhoc"
CLUSTER_IDENTITY: Identity = ("PrestoCluster", NAMESPACE, CLUSTER)
SERVICE_IDENTITY: Identity = ("Service", NAMESPACE, CLUSTER)


@dataclass(frozen=True)
class GenerationFacts:
    """One generation."""

    name: str
    coordinator: KubernetesObject | None
    """Its Deployment."""
    workers: tuple[KubernetesObject, ...]
    """Their Deployments."""
    is_coordinator_ready: bool
    ready_workers: int

    @property
    def wanted(self) -> int:
        """The workers that its Deployments ask for."""
        return sum(map(wanted_replicas, self.workers))

    @property
    def is_able(self) -> bool:
        """Whether it can answer queries."""
        return (
            self.coordinator is not None and self.is_coordinator_ready and (self.ready_workers > 0 or not self.wanted)
        )

    @property
    def is_complete(self) -> bool:
        """Whether it can take over: by the status of its Deployments, all of its workers have announced themselves."""
        return self.is_coordinator_ready and all(
            is_status_current(obj) and ready_replicas(obj) == available_replicas(obj) == wanted_replicas(obj)
            for obj in self.workers
        )


@dataclass(frozen=True)
class Facts:
    """The cluster at one moment."""

    generations: Mapping[str, GenerationFacts]
    selected: str | None
    """The generation that the client Service selects."""
    reached: str | None
    """The generation whose ready coordinator clients reach, at all of its ports; None if they reach none."""

    def is_able(self, generation: str | None) -> bool:
        """Whether this generation can answer queries."""
        return generation is not None and generation in self.generations and self.generations[generation].is_able


NOTHING = Facts({}, None, None)


def facts_of(objects: Objects, is_working: Callable[[str], bool]) -> Facts:
    """The facts in a set of objects; pods on nodes that don't work are dead, whatever they say."""
    cluster = objects.get(CLUSTER_IDENTITY)
    if cluster is None:
        return NOTHING
    deployments = [obj for obj in objects.values() if obj["kind"] == "Deployment" and is_owned_by(obj, uid_of(cluster))]
    uids = {uid_of(obj) for obj in deployments}
    pods = [obj for obj in objects.values() if obj["kind"] == "Pod" and is_at_work(obj)]
    ready = [pod for pod in pods if is_ready(pod) and is_working(node_of(pod))]
    ours = [pod for pod in ready if owning_deployment(pod) in uids]
    generations = {name: _generation(name, deployments, ours) for name in sorted(set(map(generation_of, deployments)))}
    service = objects.get(SERVICE_IDENTITY)
    if service is None:
        return Facts(generations, None, None)
    selector: Mapping[str, str] = service["spec"].get("selector") or {}
    return Facts(generations, selector.get(GENERATION_LABEL), _reached(service, selector, ready, uids))


def _generation(
    name: str, deployments: Iterable[KubernetesObject], ready: Iterable[KubernetesObject]
) -> GenerationFacts:
    own = [obj for obj in deployments if generation_of(obj) == name]
    roles = [role_of(pod) for pod in ready if generation_of(pod) == name]
    coordinators = [obj for obj in own if role_of(obj) == "coordinator"]
    return GenerationFacts(
        name,
        coordinators[0] if coordinators else None,
        tuple(obj for obj in own if role_of(obj) == "worker"),
        "coordinator" in roles,
        roles.count("worker"),
    )


def _reached(
    service: KubernetesObject, selector: Mapping[str, str], ready: Iterable[KubernetesObject], uids: set[str]
) -> str | None:
    endpoints = [pod for pod in ready if selector and selector.items() <= pod["metadata"]["labels"].items()]
    is_right = all(owning_deployment(pod) in uids and role_of(pod) == "coordinator" for pod in endpoints)
    if not endpoints or not is_right or not all(_ports_fit(service, pod) for pod in endpoints):
        return None
    (name, *others) = sorted(set(map(generation_of, endpoints)))
    return None if others else name


def _ports_fit(service: KubernetesObject, pod: KubernetesObject) -> bool:
    """Whether the Service has the ports at which the server listens, and no others."""
    listening: list[dict[str, Any]] = pod["spec"]["containers"][0].get("ports", [])
    by_name = {port["name"]: port["containerPort"] for port in listening}
    led = {by_name.get(port.get("targetPort"), port.get("targetPort")) for port in service["spec"].get("ports") or []}
    wanted = {port for name, port in by_name.items() if name in ("http", "https")}
    return wanted == led

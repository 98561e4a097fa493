"""The generation that serves clients, with everything that it needs. Pure.

It is known from more than one place, so that one deleted or edited object doesn't make the operator forget it: the
selector of the client Service, what status remembers, and the coordinators that are ready.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from presto_operator.desired import RecordedGeneration
from presto_operator.objects import (
    GENERATION_LABEL,
    KubernetesObject,
    available_replicas,
    by_age,
    generation_of,
    name_of,
    wanted_replicas,
    was_available,
)
from presto_operator.planning.observation import Observation


@dataclass(frozen=True)
class ServingGeneration:
    """A generation that clients reach, and the objects that it depends on."""

    name: str
    coordinator: KubernetesObject
    """The coordinator's Deployment."""
    workers: tuple[KubernetesObject, ...]
    """The Deployments of its workers."""
    recorded: RecordedGeneration | None = None
    """What it was rendered to; None if the spec describes it, or if that isn't known."""
    shares: Mapping[str, int] = field(default_factory=dict)
    """The workers of each of its pools when status was written."""
    has_never_served: bool = False
    """Whether no client has ever reached it: its coordinator has never been ready."""
    is_guess: bool = False
    """Whether neither the client Service nor status names it: it is merely able to serve."""

    @property
    def https_port(self) -> int | None:
        """The port at which its coordinator serves HTTPS; None if it doesn't."""
        ports: list[dict[str, Any]] = _pod_spec(self.coordinator)["containers"][0].get("ports", [])
        return next((port["containerPort"] for port in ports if port.get("name") == "https"), None)


def serving_generation(
    observation: Observation,
    cluster_name: str,
    remembered: str | None,
    *,
    has_served: bool | None = None,
    recorded: Mapping[str, RecordedGeneration] = MappingProxyType({}),
    shares: Mapping[str, int] = MappingProxyType({}),
) -> ServingGeneration | None:
    """The generation that serves clients; None if none has a coordinator.

    It is the one that the client Service selects, unless that can't be true: it has no coordinator, or it isn't able to
    serve while the one that status remembers is (somebody has edited the selector). Without a Service and without
    status, it is the oldest that is able to serve, and failing that the oldest whose coordinator is ready.

    Args:
        observation: the cluster's children and pods.
        cluster_name: the name of the cluster, which is its client Service's, too.
        remembered: the generation that served when status was written.
        has_served: whether that one had ever served clients then; None if it isn't known.
        recorded: generations that can be restored, by name. Such a one still serves if its coordinator was deleted.
        shares: the workers of each pool when status was written.
    """
    present = {generation_of(obj): obj for obj in observation.deployments("coordinator")}
    coordinators = {**{name: record.generation.coordinator for name, record in recorded.items()}, **present}
    oldest_first = sorted(present, key=lambda name: by_age(present[name]))
    known = [name for name in (_selected(observation, cluster_name), remembered) if name in coordinators]
    candidates = (
        *(name for name in known if _is_able_to_serve(observation, name)),
        *known,
        *(name for name in oldest_first if _is_able_to_serve(observation, name)),
        *(name for name in oldest_first if observation.coordinator_is_ready(name)),
    )
    if not candidates:
        return None
    name = candidates[0]
    workers = tuple(observation.deployments("worker", name))
    is_new = name == remembered and has_served is False and not was_available(coordinators[name])
    return ServingGeneration(
        name,
        coordinators[name],
        workers,
        recorded.get(name),
        shares if name == remembered else {},
        has_never_served=is_new,
        is_guess=not known,
    )


def named_generations(observation: Observation, cluster_name: str, remembered: str | None) -> frozenset[str]:
    """The generations that the client Service and status name: one of them serves, unless neither is there."""
    return frozenset(name for name in (_selected(observation, cluster_name), remembered) if name)


def service_accounts_in_use(observation: Observation) -> set[str]:
    """The ServiceAccounts that pods of the cluster have, or get when they are created again."""
    deployments = observation.deployments("coordinator") + observation.deployments("worker")
    specs = [*map(_pod_spec, deployments), *(pod["spec"] for pod in observation.pods)]
    return {spec["serviceAccountName"] for spec in specs if "serviceAccountName" in spec}


def _is_able_to_serve(observation: Observation, generation: str) -> bool:
    """Whether its coordinator is ready and, where it is to have workers, one of them is known to it."""
    workers = observation.deployments("worker", generation)
    has_workers = not sum(map(wanted_replicas, workers)) or sum(map(available_replicas, workers)) > 0
    return observation.coordinator_is_ready(generation) and has_workers


def _selected(observation: Observation, cluster_name: str) -> str:
    for obj in observation.children:
        if obj["kind"] == "Service" and name_of(obj) == cluster_name:
            return str((obj["spec"].get("selector") or {}).get(GENERATION_LABEL, ""))
    return ""


def _pod_spec(deployment: KubernetesObject) -> dict[str, Any]:
    spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return spec

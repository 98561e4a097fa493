"""What is to be done about a cluster. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from presto_operator.api import PrestoCluster
from presto_operator.controller.observation import Observation, is_known_to_presto, wanted_replicas
from presto_operator.desired import (
    GENERATION_LABEL,
    POOL_LABEL,
    KubernetesObject,
    cluster_objects,
    generation_name,
    generation_objects,
)
from presto_operator.scaling import Placement, place_workers

_KEPT_CONFIG_MAPS = 5
"""Unused ConfigMaps that are kept for a look at what was, the newest first."""


@dataclass(frozen=True)
class Plan:
    """The children that a valid cluster shall have, and those that it has no more use for."""

    wanted_generation: str
    serving_generation: str
    """The generation that clients shall be led to: the wanted one as soon as it can take over."""
    placement: Placement
    apply: tuple[KubernetesObject, ...]
    remove: tuple[KubernetesObject, ...]


def plan(cluster: PrestoCluster, observation: Observation) -> Plan:
    """Decide what the cluster's children shall be.

    A changed generation is brought up beside the one that serves. When its coordinator and all of its workers are
    ready, clients are led to it; the pass after that removes the old one. A new generation that never gets ready, or
    that is taken back, has therefore hurt nobody.
    """
    placement = place_workers(cluster.spec.workers.pools, cluster.spec.workers.replicas)
    wanted = generation_name(cluster)
    generation = generation_objects(cluster, placement.replicas_by_pool)
    is_complete = observation.coordinator_is_ready(wanted) and _pools_are_complete(generation, observation)
    serving_now = observation.serving_generation(cluster.name)
    nothing_serves = serving_now is None or serving_now not in observation.generations()
    serving = wanted if nothing_serves or is_complete else serving_now or wanted
    apply = (*cluster_objects(cluster, serving), *generation)
    remove = _superfluous(apply, wanted, {serving, serving_now}, observation)
    return Plan(wanted, serving, placement, apply, tuple(remove))


def _pools_are_complete(planned: Sequence[KubernetesObject], observation: Observation) -> bool:
    """Whether every pool that is planned is there, as large as planned, with all of its workers at work."""
    observed = {obj["metadata"]["name"]: obj for obj in observation.deployments("worker")}
    return all(
        (pool := observed.get(obj["metadata"]["name"])) is not None
        and wanted_replicas(pool) == wanted_replicas(obj)
        and is_known_to_presto(pool)
        for obj in planned
        if obj["kind"] == "Deployment" and POOL_LABEL in obj["metadata"]["labels"]
    )


def _superfluous(
    apply: tuple[KubernetesObject, ...], wanted: str, still_serving: set[str | None], observation: Observation
) -> list[KubernetesObject]:
    """Children that have nothing more to do."""
    identities = {(obj["kind"], obj["metadata"]["name"]) for obj in apply}
    rest = [obj for obj in observation.children if (obj["kind"], obj["metadata"]["name"]) not in identities]
    config_maps = [obj for obj in rest if obj["kind"] == "ConfigMap"]
    # A pool that the spec no longer has goes once the workers that take over from it are there.
    kept = still_serving - {wanted} if _pools_are_complete(apply, observation) else {*still_serving, wanted}
    return [
        *(obj for obj in rest if obj["kind"] != "ConfigMap" and _generation(obj) not in kept - {None}),
        *_unused_config_maps(config_maps, observation),
    ]


def _generation(obj: KubernetesObject) -> str | None:
    generation: str | None = obj["metadata"].get("labels", {}).get(GENERATION_LABEL)
    return generation


def _unused_config_maps(config_maps: list[KubernetesObject], observation: Observation) -> list[KubernetesObject]:
    used = {name for pod in observation.pods for name in _mounted_config_maps(pod["spec"])}
    for deployment in observation.deployments("coordinator") + observation.deployments("worker"):
        used.update(_mounted_config_maps(deployment["spec"]["template"]["spec"]))
    unused = [obj for obj in config_maps if obj["metadata"]["name"] not in used]
    newest_first = sorted(
        unused, key=lambda obj: (obj["metadata"].get("creationTimestamp", ""), obj["metadata"]["name"]), reverse=True
    )
    return newest_first[_KEPT_CONFIG_MAPS:]


def _mounted_config_maps(pod_spec: KubernetesObject) -> set[str]:
    return {
        source["configMap"]["name"]
        for volume in pod_spec.get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        if "configMap" in source
    }

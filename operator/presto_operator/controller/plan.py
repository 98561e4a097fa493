"""What is to be done about a cluster. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from presto_operator.api import PrestoCluster
from presto_operator.controller.observation import Observation, is_rolled_out
from presto_operator.desired import (
    GENERATION_LABEL,
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
    serving_now = observation.serving_generation(cluster.name)
    serving = wanted if _may_serve(wanted, serving_now, observation) else serving_now or wanted
    apply = (*cluster_objects(cluster, serving), *generation_objects(cluster, placement.replicas_by_pool))
    remove = _superfluous(apply, wanted, {serving, serving_now}, observation)
    return Plan(wanted, serving, placement, apply, tuple(remove))


def _may_serve(wanted: str, serving: str | None, observation: Observation) -> bool:
    """Whether clients may be led to the wanted generation."""
    if serving in (None, wanted) or serving not in observation.generations():
        return True
    workers = observation.deployments("worker", wanted)
    return (
        observation.coordinator_is_ready(wanted)
        and bool(workers)
        and all(is_rolled_out(deployment) for deployment in workers)
    )


def _superfluous(
    apply: tuple[KubernetesObject, ...], wanted: str, still_serving: set[str | None], observation: Observation
) -> list[KubernetesObject]:
    """Children that have nothing more to do."""
    identities = {(obj["kind"], obj["metadata"]["name"]) for obj in apply}
    rest = [obj for obj in observation.children if (obj["kind"], obj["metadata"]["name"]) not in identities]
    config_maps = [obj for obj in rest if obj["kind"] == "ConfigMap"]
    others = [obj for obj in rest if obj["kind"] != "ConfigMap"]
    return [
        *(obj for obj in others if _has_served(obj, wanted, still_serving, observation)),
        *_unused_config_maps(config_maps, observation),
    ]


def _has_served(obj: KubernetesObject, wanted: str, still_serving: set[str | None], observation: Observation) -> bool:
    generation = obj["metadata"].get("labels", {}).get(GENERATION_LABEL)
    if generation == wanted:
        # A pool that the spec no longer has: its workers go once those of the other pools are there.
        return all(is_rolled_out(pool) for pool in observation.deployments("worker", wanted) if pool is not obj)
    return generation not in still_serving or generation is None


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

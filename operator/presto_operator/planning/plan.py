"""What is to be done about a cluster. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from presto_operator.api import PrestoCluster
from presto_operator.desired import cluster_objects, generation_name, generation_objects
from presto_operator.objects import (
    KubernetesObject,
    generation_of,
    is_known_to_presto,
    kind_and_name,
    name_of,
    pool_of,
    wanted_replicas,
)
from presto_operator.planning.observation import Observation
from presto_operator.scaling import Placement, Supply, next_turnover, place_workers
from presto_operator.settings import DEFAULTS

_KEPT_FILES = 5
"""Unused ConfigMaps, and unused Secrets, that are kept for a look at what was and for going back to it: the newest."""

_FILE_KINDS = ("ConfigMap", "Secret")


@dataclass(frozen=True)
class Hold:
    """What could be done by now, and has to wait for the clients' sake."""

    takeover: bool = False
    """Clients stay with the generation that serves, although the wanted one is complete."""
    lingering: str | None = None
    """A generation that no longer serves, and that some clients are still busy with."""
    last_worker: bool = False
    """The last worker, although none is wanted."""
    message: str = ""
    """What is waited for, in words."""

    @property
    def is_on(self) -> bool:
        """Whether anything waits."""
        return self.takeover or self.lingering is not None or self.last_worker


NOTHING_WAITS = Hold()


@dataclass(frozen=True)
class Scale:
    """A Deployment that keeps everything but its number of replicas."""

    deployment: KubernetesObject
    replicas: int


@dataclass(frozen=True)
class Plan:
    """The children that a valid cluster shall have, and those that it has no more use for."""

    wanted_generation: str
    serving_generation: str
    """The generation that clients shall be led to: the wanted one as soon as it can take over."""
    is_complete: bool
    """Whether the wanted generation can take over: its coordinator and all of its workers are at work."""
    placement: Placement
    apply: tuple[KubernetesObject, ...]
    scale: tuple[Scale, ...]
    """Workers that are not, or no longer, as the spec asks for: they are left as they are, and get fewer."""
    remove: tuple[KubernetesObject, ...]
    hold: Hold = NOTHING_WAITS
    at_risk_to_go: Mapping[str, int] = field(default_factory=dict)
    """How many workers that are as the spec asks for may go since their nodes are at risk, by pool: others have taken
    over from them."""

    @property
    def worker_deployments(self) -> set[str]:
        """The names of the Deployments whose workers are as the spec asks for."""
        return {name_of(obj) for obj in self.apply if _is_of_workers(obj)}


def plan(
    cluster: PrestoCluster,
    observation: Observation,
    hold: Hold = NOTHING_WAITS,
    *,
    wanted_workers: int,
    supply: Supply | None = None,
    worker_min_ready: timedelta = DEFAULTS.worker_min_ready,
) -> Plan:
    """Decide what the cluster's children shall be.

    A changed generation is brought up beside the one that serves. When its coordinator and all of its workers are
    ready, clients are led to it; a pass after that removes the old one. A new generation that never gets ready, or
    that is taken back, has therefore hurt nobody. Changed workers of the generation that serves replace the old ones
    step by step, as do workers for those whose nodes are at risk, or whose share another pool has now.

    Args:
        cluster: the cluster.
        observation: what there is.
        hold: what has to wait.
        wanted_workers: workers wanted in all pools together.
        supply: what is known of where nodes can be had; None: nothing is.
        worker_min_ready: how long a worker is ready before it counts as available.
    """
    objects = partial(generation_objects, cluster, worker_min_ready=worker_min_ready)
    placement = place_workers(cluster.spec.workers.pools, wanted_workers, supply)
    wanted = generation_name(cluster)
    complete = objects(placement.replicas_by_pool)
    is_complete = observation.coordinator_is_ready(wanted) and _pools_are_complete(complete, observation)
    serving_now = observation.serving_generation(cluster.name)
    nothing_serves = serving_now is None or serving_now not in observation.generations()
    takes_over = nothing_serves or (is_complete and not hold.takeover)
    serving = wanted if takes_over else serving_now or wanted
    names = {name_of(obj) for obj in complete if _is_of_workers(obj)}
    to_go: Mapping[str, int] = {}
    if nothing_serves or serving_now == wanted:
        replicas, scale, to_go = _next_step(cluster, observation, placement, names)
        generation = objects(replicas)
    else:
        # Nobody depends on a generation that doesn't serve yet: workers that were wanted before just go.
        generation, scale = complete, []
    apply = (*cluster_objects(cluster, serving), *generation)
    kept_generations = {wanted, serving, serving_now, hold.lingering}
    remove = (
        *_without_use(apply, kept_generations, observation),
        *_finished_revisions(observation, wanted, names, is_serving=nothing_serves or serving_now == wanted),
    )
    return Plan(wanted, serving, is_complete, placement, apply, tuple(scale), remove, hold, to_go)


def _next_step(
    cluster: PrestoCluster, observation: Observation, placement: Placement, names: set[str]
) -> tuple[Mapping[str, int], list[Scale], Mapping[str, int]]:
    """Of the generation that serves: workers by pool, as many as there may be by now, old ones, and who may go."""
    wanted = generation_name(cluster)
    step = next_turnover(
        placement.replicas_by_pool,
        observation.revisions(wanted, names),
        observation.at_risk(wanted),
        leaving=len(observation.leaving_workers()),
        max_surge=cluster.spec.workers.rollout.surge(placement.total),
    )
    scale = [
        Scale(deployment, step.old_replicas[name])
        for deployment in observation.deployments("worker", wanted)
        if (name := name_of(deployment)) in step.old_replicas and step.old_replicas[name] != wanted_replicas(deployment)
    ]
    return step.replicas_by_pool, scale, step.at_risk_to_go


def _is_of_workers(obj: KubernetesObject) -> bool:
    return obj["kind"] == "Deployment" and bool(pool_of(obj))


def _pools_are_complete(planned: Sequence[KubernetesObject], observation: Observation) -> bool:
    """Whether every pool that is planned is there, as large as planned, with all of its workers at work."""
    observed = {name_of(obj): obj for obj in observation.deployments("worker")}
    return all(
        (pool := observed.get(name_of(obj))) is not None
        and wanted_replicas(pool) == wanted_replicas(obj)
        and is_known_to_presto(pool)
        for obj in planned
        if _is_of_workers(obj)
    )


def _without_use(
    apply: tuple[KubernetesObject, ...], kept_generations: set[str | None], observation: Observation
) -> list[KubernetesObject]:
    """Children of no generation that is still needed, and ConfigMaps that nobody has mounted for long."""
    identities = {kind_and_name(obj) for obj in apply}
    rest = [obj for obj in observation.children if kind_and_name(obj) not in identities]
    return [
        *(obj for obj in rest if obj["kind"] not in _FILE_KINDS and generation_of(obj) not in kept_generations),
        *(
            unused
            for kind in _FILE_KINDS
            for unused in _unused([obj for obj in rest if obj["kind"] == kind], observation)
        ),
    ]


def _finished_revisions(
    observation: Observation, generation: str, names: set[str], *, is_serving: bool
) -> list[KubernetesObject]:
    """Deployments of workers that are no longer wanted, once that takes no worker from anybody.

    One whose last worker is still leaving stays: should the change be taken back, it is there.
    """
    return [
        deployment
        for deployment in observation.deployments("worker", generation)
        if name_of(deployment) not in names
        and (not is_serving or (wanted_replicas(deployment) == 0 and not observation.workers_of(deployment)))
    ]


def _unused(files: list[KubernetesObject], observation: Observation) -> list[KubernetesObject]:
    """Those of the ConfigMaps or Secrets that no server reads, but for the newest few."""
    used = {identity for pod in observation.pods for identity in _mounted(pod["spec"])}
    for deployment in observation.deployments("coordinator") + observation.deployments("worker"):
        used.update(_mounted(deployment["spec"]["template"]["spec"]))
    unused = [obj for obj in files if kind_and_name(obj) not in used]
    newest_first = sorted(
        unused, key=lambda obj: (obj["metadata"].get("creationTimestamp", ""), name_of(obj)), reverse=True
    )
    return newest_first[_KEPT_FILES:]


def _mounted(pod_spec: KubernetesObject) -> set[tuple[str, str]]:
    return {
        (kind, source[field]["name"])
        for volume in pod_spec.get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret"))
        if field in source
    }

"""What is to be done about a cluster. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from presto_operator.api import PrestoCluster
from presto_operator.desired import Generation, cluster_objects
from presto_operator.objects import (
    KubernetesObject,
    available_replicas,
    by_age,
    generation_of,
    is_known_to_presto,
    kind_and_name,
    name_of,
    pool_of,
    present_replicas,
    wanted_replicas,
)
from presto_operator.planning.observation import Observation
from presto_operator.planning.serving import ServingGeneration, service_accounts_in_use
from presto_operator.presto import https_port
from presto_operator.scaling import Placement, Supply, Turnover, next_turnover, place_workers

_KEPT_FILES = 5
"""How many unused ConfigMaps, and unused Secrets, are kept, the newest first: to look at them, and to roll back."""

_FILE_KINDS = ("ConfigMap", "Secret")


@dataclass(frozen=True)
class Hold:
    """Steps that are ready but held back to protect running queries."""

    takeover: bool = False
    """Clients stay on the serving generation, although the desired one is complete."""
    lingering: str | None = None
    """A generation that gets no new queries, and still runs some."""
    last_worker: bool = False
    """The last worker is kept, although none is desired."""
    message: str = ""
    """What it waits for, in words."""

    @property
    def is_on(self) -> bool:
        """Whether anything waits."""
        return self.takeover or self.lingering is not None or self.last_worker


NOTHING_WAITS = Hold()


@dataclass(frozen=True)
class Scale:
    """A change of nothing but a Deployment's number of replicas."""

    deployment: KubernetesObject
    replicas: int


@dataclass(frozen=True)
class Plan:
    """The objects that a cluster is to have, and those to remove."""

    wanted_generation: str
    serving_generation: str
    """The generation that clients are to reach: the desired one as soon as it can take over."""
    is_complete: bool
    """Whether the desired generation can take over: its coordinator and all of its workers serve."""
    placement: Placement
    apply: tuple[KubernetesObject, ...]
    scale: tuple[Scale, ...]
    """Deployments of workers that don't match the spec: only their number of replicas changes."""
    remove: tuple[KubernetesObject, ...]
    hold: Hold = NOTHING_WAITS
    at_risk_to_go: Mapping[str, int] = field(default_factory=dict)
    """How many workers on nodes at risk may be removed because they have been replaced, by pool."""

    @property
    def worker_deployments(self) -> set[str]:
        """The names of the Deployments whose workers match the spec."""
        return {name_of(obj) for obj in self.apply if _is_of_workers(obj)}

    def old_workers(self, observation: Observation) -> int:
        """Workers of the desired generation that are still to be replaced, or whose pool was removed."""
        return sum(
            max(wanted_replicas(deployment), present_replicas(deployment))
            for deployment in observation.deployments("worker", self.wanted_generation)
            if name_of(deployment) not in self.worker_deployments
        )

    def updated_workers(self, observation: Observation) -> int:
        """Workers that match the spec, and that their coordinator knows."""
        return sum(
            available_replicas(deployment)
            for deployment in observation.deployments("worker", self.wanted_generation)
            if name_of(deployment) in self.worker_deployments
        )


def plan(
    cluster: PrestoCluster,
    desired: Generation,
    observation: Observation,
    hold: Hold = NOTHING_WAITS,
    *,
    serving: ServingGeneration | None,
    wanted_workers: int,
    supply: Supply | None = None,
) -> Plan:
    """Decide which objects the cluster is to have.

    A changed generation starts beside the serving one. Once its coordinator and all of its workers are ready, clients
    are switched to it; a later pass removes the old one. If a new generation never becomes ready, or is taken back, the
    old one simply keeps serving. Changed workers of the serving generation replace the old ones step by step, as do
    replacements for workers on nodes at risk, and for workers that another pool gets now.

    Args:
        cluster: the cluster.
        desired: the generation that its spec describes.
        observation: the cluster's present objects.
        hold: what has to wait.
        serving: the generation that serves clients now; None if there is none.
        wanted_workers: workers desired in all pools.
        supply: where nodes are known to be available; None if nothing is known.
    """
    placement = place_workers(cluster.spec.workers.pools, wanted_workers, supply)
    wanted = desired.name
    complete = desired.objects(placement.replicas_by_pool)
    is_complete = observation.coordinator_is_ready(wanted) and _pools_are_complete(complete, observation)
    serving_now = serving.name if serving is not None else wanted
    takes_over = is_complete and not hold.takeover
    serving_then = wanted if takes_over else serving_now
    is_serving = serving_now == wanted
    to_go: Mapping[str, int] = {}
    generation, scale = complete, []
    # No client depends on a generation that doesn't serve yet, so its surplus workers are removed at once.
    if is_serving:
        step = _next_step(cluster, desired, observation, placement)
        generation, scale, to_go = (
            desired.objects(step.replicas_by_pool),
            _lowered(step, wanted, observation),
            step.at_risk_to_go,
        )
    elif serving is not None and not takes_over:
        scale = _scaled(serving, placement)
    serving_https = https_port(cluster.spec.coordinator.config)
    if serving is not None and serving_then != wanted:
        # The spec describes the desired coordinator only.
        serving_https = serving.https_port
    apply = _reachable((*cluster_objects(cluster, serving_then, serving_https), *generation), observation)
    kept_generations = {wanted, serving_then, serving_now, hold.lingering}
    if serving is not None and serving.is_guess and not is_complete:
        # Neither the Service nor status says which generation serves, so that any that is ready may do so.
        kept_generations |= {name for name in observation.generations() if observation.coordinator_is_ready(name)}
    remove = (
        *_without_use(apply, kept_generations, observation),
        *_finished_revisions(observation, desired, is_serving=is_serving),
    )
    return Plan(wanted, serving_then, is_complete, placement, apply, tuple(scale), remove, hold, to_go)


def _reachable(objects: Sequence[KubernetesObject], observation: Observation) -> tuple[KubernetesObject, ...]:
    """The objects, with their type for Services that somebody has made aliases of another host (ExternalName).

    Otherwise the type stays as it is: users may have made it a LoadBalancer.
    """
    aliases = {
        kind_and_name(obj)
        for obj in observation.children
        if obj["kind"] == "Service" and obj.get("spec", {}).get("type") == "ExternalName"
    }
    if not aliases:
        return tuple(objects)
    return tuple(
        {**obj, "spec": {**obj["spec"], "type": "ClusterIP"}} if kind_and_name(obj) in aliases else obj
        for obj in objects
    )


def is_served(plan: Plan, cluster_name: str, refused: Collection[KubernetesObject]) -> bool:
    """Whether clients reach a complete generation as planned, so that unneeded objects can be removed.

    An unrelated object, such as a PodDisruptionBudget that a quota refuses, doesn't hold up the removal: otherwise each
    change of the spec would leave another generation behind.

    Args:
        plan: what was to be applied.
        cluster_name: the name of the cluster, which is its client Service's, too.
        refused: those of the objects that the API server refused.
    """
    return not any(
        kind_and_name(obj) == ("Service", cluster_name) or generation_of(obj) == plan.serving_generation
        for obj in refused
    )


def _next_step(cluster: PrestoCluster, desired: Generation, observation: Observation, placement: Placement) -> Turnover:
    """The next step of the serving generation's workers."""
    return next_turnover(
        placement.replicas_by_pool,
        observation.revisions(desired.name, desired.worker_deployments),
        observation.at_risk(desired.name),
        leaving=len(observation.leaving_workers()),
        max_surge=cluster.spec.workers.rollout.surge(placement.total),
    )


def _lowered(step: Turnover, generation: str, observation: Observation) -> list[Scale]:
    """Deployments of old workers whose number of replicas this step changes."""
    return [
        Scale(deployment, step.old_replicas[name])
        for deployment in observation.deployments("worker", generation)
        if (name := name_of(deployment)) in step.old_replicas and step.old_replicas[name] != wanted_replicas(deployment)
    ]


def _is_of_workers(obj: KubernetesObject) -> bool:
    return obj["kind"] == "Deployment" and bool(pool_of(obj))


def _pools_are_complete(planned: Sequence[KubernetesObject], observation: Observation) -> bool:
    """Whether every planned pool exists in its planned size, and all of its workers serve."""
    observed = {name_of(obj): obj for obj in observation.deployments("worker")}
    return all(
        (pool := observed.get(name_of(obj))) is not None
        and wanted_replicas(pool) == wanted_replicas(obj)
        and is_known_to_presto(pool)
        for obj in planned
        if _is_of_workers(obj)
    )


def _scaled(serving: ServingGeneration, placement: Placement) -> list[Scale]:
    """Scale the serving generation to the desired number of workers while another generation is pending.

    The new one may take hours to take over, or never start. Pools that the spec no longer has stay as they are.
    """
    steps = []
    for pool, desired in placement.replicas_by_pool.items():
        revisions = [deployment for deployment in serving.workers if pool_of(deployment) == pool]
        more = desired - sum(map(wanted_replicas, revisions))
        largest = max(revisions, key=wanted_replicas, default=None)
        if largest is not None and more:
            steps.append(Scale(largest, max(0, wanted_replicas(largest) + more)))
    return steps


def _without_use(
    apply: tuple[KubernetesObject, ...], kept_generations: set[str | None], observation: Observation
) -> list[KubernetesObject]:
    """Objects of generations that are no longer needed, and ConfigMaps and Secrets that no pod mounts."""
    used = {kind_and_name(obj) for obj in apply}
    used |= {("ServiceAccount", name) for name in service_accounts_in_use(observation)}
    rest = [obj for obj in observation.children if kind_and_name(obj) not in used]
    return [
        *(obj for obj in rest if obj["kind"] not in _FILE_KINDS and generation_of(obj) not in kept_generations),
        *(
            unused
            for kind in _FILE_KINDS
            for unused in _unused([obj for obj in rest if obj["kind"] == kind], observation)
        ),
    ]


def _finished_revisions(observation: Observation, desired: Generation, *, is_serving: bool) -> list[KubernetesObject]:
    """Deployments of old workers that have no workers left.

    One whose last worker still drains stays, in case the change is taken back.
    """
    return [
        deployment
        for deployment in observation.deployments("worker", desired.name)
        if name_of(deployment) not in desired.worker_deployments
        and (not is_serving or (wanted_replicas(deployment) == 0 and not observation.workers_of(deployment)))
    ]


def _unused(files: list[KubernetesObject], observation: Observation) -> list[KubernetesObject]:
    """The ConfigMaps or Secrets that no server uses, without the newest few."""
    used = {identity for pod in observation.pods for identity in _mounted(pod["spec"])}
    for deployment in observation.deployments("coordinator") + observation.deployments("worker"):
        used.update(_mounted(deployment["spec"]["template"]["spec"]))
    unused = [obj for obj in files if kind_and_name(obj) not in used]
    newest_first = sorted(unused, key=by_age, reverse=True)
    return newest_first[_KEPT_FILES:]


def _mounted(pod_spec: KubernetesObject) -> set[tuple[str, str]]:
    return {
        (kind, source[field]["name"])
        for volume in pod_spec.get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret"))
        if field in source
    }

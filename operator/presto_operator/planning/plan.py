"""What is to be done about a cluster. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from presto_operator.api import PrestoCluster
from presto_operator.desired import Generation, RecordedGeneration, cluster_objects, is_record
from presto_operator.objects import (
    KubernetesObject,
    available_replicas,
    generation_of,
    is_known_to_presto,
    kind_and_name,
    name_of,
    pool_of,
    present_replicas,
    wanted_replicas,
)
from presto_operator.planning.backoff import HeldDeployment
from presto_operator.planning.keeping import NOTHING_KEPT, Kept, kept, serving_shares
from presto_operator.planning.observation import Observation
from presto_operator.planning.removal import finished_revisions, former_records, without_use
from presto_operator.planning.serving import ServingGeneration
from presto_operator.presto import https_port
from presto_operator.scaling import Placement, Supply, Turnover, next_turnover, place_workers


@dataclass(frozen=True)
class Hold:
    """Steps that are ready but held back to protect running queries."""

    takeover: bool = False
    """Clients stay on the serving generation, although the desired one is complete."""
    lingering: str | None = None
    """A generation that gets no new queries, and still runs some."""
    last_worker: bool = False
    """The last worker is kept, although none is desired."""
    start: bool = False
    """No other generation is started, because other clusters start theirs."""
    message: str = ""
    """What it waits for, in words."""

    @property
    def is_on(self) -> bool:
        """Whether anything waits for queries."""
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
    kept: Kept = NOTHING_KEPT
    """The generation that serves, while the spec asks for another one."""
    record: tuple[KubernetesObject, ...] = ()
    """The record of the desired generation."""
    waits_for_turn: bool = False
    """Whether the desired generation isn't started yet, because other clusters start theirs."""
    held: tuple[HeldDeployment, ...] = ()
    """Deployments that are held because the kubelet turns their pods away."""
    turned_away: tuple[KubernetesObject, ...] = ()
    """Failed pods to remove."""

    @property
    def everything(self) -> tuple[KubernetesObject, ...]:
        """All objects to apply, in their order."""
        return (*self.record, *self.kept.apply, *self.apply)

    @property
    def paced_deployments(self) -> set[str]:
        """The names of the Deployments whose workers at risk `at_risk_to_go` is about: those that serve."""
        return self.kept.worker_deployments or self.worker_deployments

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
    serving = _worth_keeping(serving, observation)
    serving_now = serving.name if serving is not None else wanted
    takes_over = is_complete and not hold.takeover
    serving_then = wanted if takes_over else serving_now
    shared = cluster_objects(cluster, serving_then, _https_port(cluster, serving, serving_then, wanted))
    waits_for_turn = serving_now != wanted and hold.start and wanted not in observation.generations()
    started = () if waits_for_turn else complete
    if serving_now == wanted:
        change = _step(cluster, desired, observation, placement)
    elif serving is None or takes_over:
        change = _Change(complete)
    else:
        change = _beside(cluster, serving, observation, placement, [*shared, *started])
    apply = _reachable((*shared, *(change.generation or started)), observation)
    record = () if waits_for_turn else desired.record
    kept_generations = {
        wanted,
        serving_then,
        serving_now,
        hold.lingering,
        *_guessed(serving, observation, is_complete=is_complete),
    }
    remove = (
        *without_use((*apply, *change.kept.apply, *record), kept_generations, observation),
        *finished_revisions(observation, desired, is_serving=serving_now == wanted),
        *former_records(record, wanted, observation),
    )
    return Plan(
        wanted,
        serving_then,
        is_complete,
        placement,
        apply,
        change.scale,
        remove,
        hold,
        change.at_risk_to_go,
        kept=change.kept,
        record=record,
        waits_for_turn=waits_for_turn,
    )


@dataclass(frozen=True)
class _Change:
    """The next step of the workers that serve."""

    generation: Sequence[KubernetesObject] = ()
    """The objects of the desired generation, if this step changes how many workers it has."""
    scale: tuple[Scale, ...] = ()
    at_risk_to_go: Mapping[str, int] = field(default_factory=dict)
    kept: Kept = NOTHING_KEPT


def _worth_keeping(serving: ServingGeneration | None, observation: Observation) -> ServingGeneration | None:
    """The generation that serves; None if no client has ever reached it: it isn't worth a wait for its successor."""
    is_worthless = serving is not None and serving.has_never_served
    return None if serving is None or (is_worthless and not observation.coordinator_is_ready(serving.name)) else serving


def _https_port(
    cluster: PrestoCluster, serving: ServingGeneration | None, serving_then: str, wanted: str
) -> int | None:
    """The port at which the coordinator that clients are to reach serves HTTPS; the spec describes the desired one."""
    if serving is not None and serving_then != wanted:
        return serving.https_port
    return https_port(cluster.spec.coordinator.config)


def _step(cluster: PrestoCluster, desired: Generation, observation: Observation, placement: Placement) -> _Change:
    """The next step of a generation that serves, and that the spec describes."""
    step = _next_step(cluster, desired, observation, placement)
    scale = _changed(step.old_replicas, desired.name, observation)
    return _Change(desired.objects(step.replicas_by_pool), tuple(scale), step.at_risk_to_go)


def _beside(
    cluster: PrestoCluster,
    serving: ServingGeneration,
    observation: Observation,
    placement: Placement,
    others: Sequence[KubernetesObject],
) -> _Change:
    """The next step of a generation that serves while the spec asks for another one.

    No client depends on that one yet, so its surplus workers are removed at once.
    """
    if serving.recorded is None:
        return _Change(scale=tuple(_scaled(serving, placement)))
    keeping = _kept(cluster, serving.recorded, serving.shares, observation, placement, others)
    scale = _changed(keeping.old_replicas, serving.name, observation)
    return _Change((), tuple(scale), keeping.at_risk_to_go, keeping)


def _guessed(serving: ServingGeneration | None, observation: Observation, *, is_complete: bool) -> set[str]:
    """Generations that may serve: neither the Service nor status says which one does."""
    if serving is None or not serving.is_guess or is_complete:
        return set()
    return {name for name in observation.generations() if observation.coordinator_is_ready(name)}


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
        kind_and_name(obj) == ("Service", cluster_name)
        or (generation_of(obj) == plan.serving_generation and not is_record(obj))
        for obj in refused
    )


def _kept(
    cluster: PrestoCluster,
    recorded: RecordedGeneration,
    remembered: Mapping[str, int],
    observation: Observation,
    placement: Placement,
    apply: Sequence[KubernetesObject],
) -> Kept:
    """What the serving generation needs while the spec asks for another one."""
    shares = serving_shares(recorded, observation, placement.replicas_by_pool, remembered)
    surge = cluster.spec.workers.rollout.surge(sum(shares.values()))
    return kept(recorded, observation, shares, max_surge=surge, with_shared=False, besides=apply)


def _next_step(cluster: PrestoCluster, desired: Generation, observation: Observation, placement: Placement) -> Turnover:
    """The next step of the serving generation's workers."""
    return next_turnover(
        placement.replicas_by_pool,
        observation.revisions(desired.name, desired.worker_deployments),
        observation.at_risk(desired.name),
        leaving=len(observation.leaving_workers()),
        max_surge=cluster.spec.workers.rollout.surge(placement.total),
    )


def _changed(replicas: Mapping[str, int], generation: str, observation: Observation) -> list[Scale]:
    """Deployments of a generation's workers that are to have other numbers of replicas, which are given by name."""
    return [
        Scale(deployment, replicas[name])
        for deployment in observation.deployments("worker", generation)
        if (name := name_of(deployment)) in replicas and replicas[name] != wanted_replicas(deployment)
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

    The new one may take hours to take over, or never start. Pools that the spec no longer has stay as they are. This is
    what can be done without a record of the serving generation, as of one that an earlier release made.
    """
    steps = []
    for pool, desired in placement.replicas_by_pool.items():
        revisions = [deployment for deployment in serving.workers if pool_of(deployment) == pool]
        more = desired - sum(map(wanted_replicas, revisions))
        largest = max(revisions, key=wanted_replicas, default=None)
        if largest is not None and more:
            steps.append(Scale(largest, max(0, wanted_replicas(largest) + more)))
    return steps

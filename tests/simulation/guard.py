"""The invariants that each single write of the operator has to keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from presto_operator.api.rollout import Rollout
from presto_operator.objects import (
    KubernetesObject,
    available_replicas,
    controller_of,
    generation_of,
    is_at_work,
    is_ready,
    is_terminating,
    kind_and_name,
    node_of,
    role_of,
    uid_of,
    wanted_replicas,
)
from tests.simulation.clock import Clock
from tests.simulation.cloud import RISK_TAINT, Cloud, ready_for
from tests.simulation.deployments import owning_deployment, removal_rank
from tests.simulation.facts import CLUSTER_IDENTITY, NOTHING, SERVICE_IDENTITY, Facts, GenerationFacts, facts_of
from tests.simulation.invariant import InvariantError
from tests.simulation.kubelet import mounted
from tests.simulation.presto import Presto
from tests.simulation.specs import DRAIN_TIMEOUT_SECONDS
from tests.simulation.watching import Watches
from tests.unit.fake_kubernetes import FakeKubernetes, identity

_LINGER_SECONDS = 120
_LONGEST_DRAIN = timedelta(minutes=3)
_SLACK = timedelta(seconds=1)
"""Times in status are whole seconds."""


@dataclass(frozen=True)
class Write:
    """A write of the operator."""

    verb: str
    """apply, create, scale, delete, remove (a pod, without its grace period), annotate, or status."""
    obj: KubernetesObject
    replicas: int | None = None

    @property
    def kind(self) -> str:
        """The kind of the object."""
        return str(self.obj["kind"])

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.obj['metadata']['name']}" + (
            f" to {self.replicas}" if self.replicas is not None else ""
        )


@dataclass
class Guard:
    """Compares what is true and what the operator knows before each write, and after it.

    A write may be wrong in hindsight. It breaks an invariant only if it is wrong by what is true and also by what the
    operator was told.
    """

    api: FakeKubernetes
    clock: Clock
    cloud: Cloud
    presto: Presto
    watches: Watches
    checks: int = 0
    """How often an invariant was checked."""
    incumbent: str | None = None
    """The generation that clients have reached last, and that was able to answer them."""
    complete_since: dict[str, datetime] = field(default_factory=dict)
    """When each generation was first seen complete."""
    left_at: dict[str, datetime] = field(default_factory=dict)
    """When clients were switched away from each generation."""
    lied_at: datetime | None = None
    """When Presto last did not tell the truth."""
    _last_wanted: int = 0
    _lowered_at: datetime | None = None
    """When fewer workers were last desired: those leave at once."""
    _true_at: tuple[int, tuple[str, ...]] = (-1, ())
    _true: Facts = NOTHING
    _told_at: int = -1
    _told: Facts = NOTHING
    _truth: Facts = NOTHING
    """What was true before the write that is checked."""
    _known: Facts = NOTHING
    """What the operator was told before it."""
    _spec: Any = None

    def truth(self) -> Facts:
        """What is true now."""
        version = self.api.revision, tuple(self.cloud.silent)
        if self._true_at != version:
            self._true_at, self._true = version, facts_of(self.api.objects, self.cloud.is_working)
        return self._true

    def known(self) -> Facts:
        """What the operator has been told."""
        if self._told_at != self.watches.version:
            self._told_at, self._told = self.watches.version, facts_of(self.watches.told, lambda _: True)
        return self._told

    def look(self) -> Facts:
        """Take note of what is true now; returns it."""
        truth = self.truth()
        self.presto.look(truth)
        if self.presto.mood != "truthful":
            self.lied_at = self.clock.now
        if (wanted := self._wanted()) < self._last_wanted:
            self._lowered_at = self.clock.now
        self._last_wanted = wanted
        for name, generation in truth.generations.items():
            if generation.is_complete:
                self.complete_since.setdefault(name, self.clock.now)
        reached = truth.reached
        if reached is not None and truth.is_able(reached) and reached != self.incumbent:
            is_complete = truth.generations[reached].is_complete
            if is_complete or not truth.is_able(self.incumbent):
                if self.incumbent is not None:
                    self.left_at[self.incumbent] = self.clock.now
                self.incumbent = reached
        if self.incumbent not in truth.generations:
            self.incumbent = None
        return truth

    def before(self, write: Write) -> None:
        """Check a write before it is carried out."""
        self.checks += 1
        self._truth, self._known = self.truth(), self.known()
        cluster = self.api.objects.get(CLUSTER_IDENTITY)
        self._spec = cluster["spec"] if cluster is not None else None
        if write.verb in ("create", "status"):
            if write.kind not in ("Event", "PrestoCluster"):
                raise InvariantError("foreign", f"{write}: only Events are created")
            return
        if write.kind == "Pod":
            self._check_pod(write)
            return
        self._check_owner(write)
        if write.verb == "delete":
            self._check_deletion(write)
        elif write.kind == "Deployment":
            self._check_budget(write)

    def after(self, write: Write) -> None:
        """Check what is true after a write."""
        cluster = self.api.objects.get(CLUSTER_IDENTITY)
        if cluster is not None and cluster["spec"] != self._spec:
            raise InvariantError("spec", f"{write} has changed the spec")
        before, known = self._truth, self._known
        if write.kind in ("Event", "PrestoCluster", "Pod"):
            return
        truth = self.truth()
        if before.reached is not None and before.reached != truth.reached:
            self._check_switch(write, before, truth, known)
        self.look()

    # --- what serves stays

    def _check_switch(self, write: Write, before: Facts, truth: Facts, known: Facts) -> None:
        former, target = before.reached, truth.selected
        was_able = truth.is_able(former) and known.is_able(former)
        if truth.reached is None and target == former and was_able:
            raise InvariantError("serves", f"{write}: clients reached {former}, and reach nothing now")
        if target == former or former is None or not was_able:
            return
        may_take_over = target is not None and (_is_complete(known, target) or _is_complete(truth, target))
        if target is None or (target != self.incumbent and not may_take_over):
            raise InvariantError("serves", f"{write}: clients are switched from {former}, which serves, to {target}")
        if former in self.presto.busy and former == self.incumbent and self._was_truthful():
            since = self.complete_since.get(target, self.clock.now)
            if self.clock.now < since + timedelta(seconds=self._drain_timeout()) - _SLACK:
                raise InvariantError("queries", f"{write}: clients are switched away from {former}, where a query runs")

    def _check_deletion(self, write: Write) -> None:
        truth, known = self._truth, self._known
        generation = generation_of(write.obj)
        live = self.api.objects.get(identity(write.obj))
        if live is None or uid_of(live) != uid_of(write.obj):
            return
        if identity(write.obj) == SERVICE_IDENTITY:
            raise InvariantError("serves", f"{write}: the client Service is never removed")
        needed = [name for name in (self.incumbent, known.reached) if name is not None]
        for name in needed:
            if not truth.is_able(name) or not known.is_able(name) or name != self.incumbent:
                continue
            if self._is_needed(write.obj, truth.generations[name], known.generations[name]):
                raise InvariantError("serves", f"{write}: generation {name} serves, and needs it")
        if write.kind == "Deployment" and role_of(write.obj) == "coordinator":
            self._check_lingering(write, generation)

    def _is_needed(self, obj: KubernetesObject, truth: GenerationFacts, known: GenerationFacts) -> bool:
        """Whether a generation that serves needs an object."""
        if obj["kind"] == "Deployment" and role_of(obj) == "worker" and generation_of(obj) == truth.name:
            return any(
                uid_of(obj) == uid_of(deployment) and wanted_replicas(deployment) > 0 for deployment in known.workers
            )
        if obj["kind"] in ("Deployment", "Service") and generation_of(obj) == truth.name:
            return True
        if truth.coordinator is None:
            return False
        specs = [deployment["spec"]["template"]["spec"] for deployment in (truth.coordinator, *known.workers)]
        if obj["kind"] == "ServiceAccount":
            return any(spec.get("serviceAccountName") == obj["metadata"]["name"] for spec in specs)
        return any(kind_and_name(obj) in mounted(spec) for spec in specs)

    def _check_lingering(self, write: Write, generation: str) -> None:
        known = self._known
        is_ready = generation in known.generations and known.generations[generation].is_coordinator_ready
        if generation not in self.presto.busy or not is_ready or not self._was_truthful():
            return
        left_at = self.left_at.get(generation)
        if left_at is not None and self.clock.now < left_at + timedelta(seconds=_LINGER_SECONDS) - _SLACK:
            raise InvariantError("queries", f"{write}: a query runs on {generation}, left at {left_at:%H:%M:%S}")

    def _was_truthful(self) -> bool:
        """Whether Presto has told the truth lately."""
        return self.presto.mood == "truthful" and (
            self.lied_at is None or self.clock.now - self.lied_at > timedelta(seconds=10)
        )

    def _drain_timeout(self) -> float:
        return DRAIN_TIMEOUT_SECONDS

    # --- only what is ours

    def _check_owner(self, write: Write) -> None:
        live = self.api.objects.get(identity(write.obj))
        if live is None or (write.verb == "delete" and uid_of(live) != uid_of(write.obj)):
            return
        cluster = self.api.objects.get(CLUSTER_IDENTITY)
        told = self.watches.told.get(CLUSTER_IDENTITY)
        uids = {uid_of(obj) for obj in (cluster, told) if obj is not None}
        known = self.watches.told.get(identity(write.obj), live)
        owners = {(controller_of(obj) or {}).get("uid") for obj in (live, known)}
        if not owners & uids:
            raise InvariantError("foreign", f"{write}: it is not the cluster's")

    def _check_pod(self, write: Write) -> None:
        live = self.api.objects.get(identity(write.obj))
        if live is None or uid_of(live) != uid_of(write.obj):
            return
        known = self.watches.told.get(identity(write.obj), live)
        if not owning_deployment(live) and not owning_deployment(known):
            raise InvariantError("foreign", f"{write}: no Deployment of the cluster made it")
        if write.verb == "annotate" or is_terminating(live):
            if write.verb == "remove" and not self._may_be_lost(live):
                raise InvariantError("foreign", f"{write}: its node {node_of(live)} is not lost")
            return
        if write.verb == "remove":
            if not self._may_be_lost(live):
                raise InvariantError("foreign", f"{write}: its node {node_of(live)} is not lost")
        elif role_of(live) == "coordinator":
            if generation_of(live) in self.presto.busy and is_ready(known) and self._was_truthful():
                raise InvariantError("queries", f"{write}: a query runs on it")
        elif not self._is_leaving(node_of(live)):
            self._check_release(write, live)

    def _nodes(self, name: str) -> list[KubernetesObject | None]:
        key = ("Node", "", name)
        return [self.api.objects.get(key), self.watches.told.get(key)]

    def _may_be_lost(self, pod: KubernetesObject) -> bool:
        return any(node is None or _is_unreachable(node) for node in self._nodes(node_of(pod))) or not (
            self.cloud.is_working(node_of(pod))
        )

    def _is_leaving(self, name: str) -> bool:
        return any(node is None or _has_notice(node) or _is_unreachable(node) for node in self._nodes(name))

    # --- the budget

    def _check_release(self, write: Write, pod: KubernetesObject) -> None:
        """A worker that is replaced goes only if enough others are available."""
        known = self._known
        generation = known.generations.get(generation_of(pod))
        if generation is None or generation.name != self.incumbent:
            return
        left = sum(self._available(deployment) for deployment in generation.workers)
        if self._is_available(pod) and left - 1 < min(left, self._wanted()):
            raise InvariantError("budget", f"{write}: {left - 1} workers are left, {self._wanted()} are desired")

    def _check_budget(self, write: Write) -> None:
        known = self._known
        live = self.watches.told.get(identity(write.obj))
        generation = known.generations.get(generation_of(write.obj))
        if live is None or generation is None or generation.name != self.incumbent or role_of(live) != "worker":
            return
        replicas = write.replicas if write.replicas is not None else wanted_replicas(write.obj)
        if replicas >= wanted_replicas(live):
            return
        wanted = self._wanted()
        before = sum(self._available(deployment) for deployment in generation.workers)
        released = self._available(live) - self._available(live, replicas)
        if released and before - released < wanted:
            raise InvariantError("budget", f"{write}: {before - released} workers are left, {wanted} are desired")
        surplus = max(0, generation.wanted - wanted)
        leaving = self._leaving(generation)
        is_over = self._lowered_at is None or self.clock.now - self._lowered_at > _LONGEST_DRAIN
        is_paced = is_over and surplus <= self._surge(wanted)
        if released and is_paced and leaving + released > self._surge(wanted) + surplus:
            raise InvariantError(
                "budget", f"{write}: {released} more workers leave, {leaving} do, the budget is {self._surge(wanted)}"
            )

    def _available(self, deployment: KubernetesObject, replicas: int | None = None) -> int:
        """How many available workers of a Deployment are left with this number of replicas."""
        pods = sorted(filter(is_at_work, self._pods(deployment)), key=removal_rank)
        wanted = wanted_replicas(deployment) if replicas is None else replicas
        kept = pods[max(0, len(pods) - wanted) :]
        # A Deployment's status may be late, but the operator has to believe it.
        by_status = min(sum(map(is_ready, kept)), available_replicas(deployment))
        return max(by_status, sum(map(self._is_available, kept)))

    def _is_available(self, pod: KubernetesObject) -> bool:
        spell = ready_for(pod, self.clock.now)
        return spell is not None and spell >= timedelta(seconds=10)

    def _leaving(self, generation: GenerationFacts) -> int:
        pods = [pod for deployment in generation.workers for pod in self._pods(deployment)]
        return sum(map(is_terminating, pods))

    def _pods(self, deployment: KubernetesObject) -> list[KubernetesObject]:
        return [
            obj
            for obj in self.watches.told.values()
            if obj["kind"] == "Pod" and owning_deployment(obj) == uid_of(deployment)
        ]

    def _wanted(self) -> int:
        """The workers that the spec asks for, by what the operator knows of it."""
        told = self.watches.told.get(CLUSTER_IDENTITY)
        return wanted_workers(told["spec"]) if told is not None else 0

    def _surge(self, wanted: int) -> int:
        told = self.watches.told.get(CLUSTER_IDENTITY)
        rollout: Mapping[str, Any] = told["spec"]["workers"].get("rollout", {}) if told is not None else {}
        return Rollout.model_validate(rollout, by_alias=True, by_name=False).surge(wanted)


def wanted_workers(spec: Mapping[str, Any]) -> int:
    """The workers that a spec asks for, over all pools."""
    pools = spec["workers"]["pools"]
    least = sum(pool.get("minReplicas", 0) for pool in pools)
    most = sum(pool.get("maxReplicas", 1000) for pool in pools)
    return int(min(max(spec["workers"]["replicas"], least), most))


def _is_complete(facts: Facts, generation: str) -> bool:
    return generation in facts.generations and facts.generations[generation].is_complete


def _has_notice(node: KubernetesObject) -> bool:
    taints = node["spec"].get("taints") or []
    return is_terminating(node) or any(taint["key"] not in (RISK_TAINT,) for taint in taints)


def _is_unreachable(node: KubernetesObject) -> bool:
    conditions = node["status"]["conditions"]
    return any(condition["type"] == "Ready" and condition["status"] != "True" for condition in conditions)

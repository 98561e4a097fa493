"""The invariants that hold after each pass that nothing has disturbed, and once everything has settled."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from presto_operator.kube import ApiError
from presto_operator.objects import (
    KubernetesObject,
    failure,
    generation_of,
    is_at_work,
    is_terminating,
    kubernetes_time,
    pool_of,
    role_of,
    wanted_replicas,
)
from tests.simulation.facts import CLUSTER, CLUSTER_IDENTITY, Facts, Objects
from tests.simulation.guard import Guard, wanted_workers
from tests.simulation.invariant import InvariantError
from tests.simulation.known import Known, is_unmended
from tests.simulation.specs import Defect, defect_of

_MOST_GENERATIONS = 3
"""The one that serves, the desired one, and one that lingers."""
_MOST_FILES = 30
"""Five unused ones of each kind, and three or four of each generation."""
_BLAMED = re.compile(r'([A-Z]\w+) "([^"]+)"')
"""The objects that an error names."""
_LONGEST_LINGER = timedelta(minutes=3)
"""Two minutes, and the pauses between two passes."""
_MOST_WORKERS = 3 * (5 + 5)


class Checks:
    """Checks what a pass leaves behind."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def after_pass(self, objects: Objects, told: Objects, wanted: str | None, error: ApiError | None) -> None:
        """Check a pass that knew everything, and that nothing has disturbed.

        Args:
            objects: what there is now.
            told: what the operator knows.
            wanted: the generation that the spec asks for; None if that isn't known.
            error: what the pass has reported as undone.
        """
        cluster = objects.get(CLUSTER_IDENTITY)
        if cluster is None or is_terminating(cluster):
            return
        self._guard.checks += 4
        truth = self._guard.truth()
        self._check_reach(truth, error)
        self._check_bounds(objects, error)
        if wanted is not None:
            self._check_leftovers(cluster, truth, wanted, error)
        status = cluster.get("status", {})
        self._check_status(status, truth, told, error)

    def _check_reach(self, truth: Facts, error: ApiError | None) -> None:
        """Clients reach what is able to serve, unless somebody keeps the operator from it."""
        incumbent = self._guard.incumbent
        if truth.is_able(incumbent) and truth.reached is None and error is None and not self._is_invalid():
            raise InvariantError("reached", f"{incumbent} is able to serve, and clients reach nothing")

    def _check_bounds(self, objects: Objects, error: ApiError | None) -> None:
        kinds = [obj["kind"] for obj in objects.values()]
        deployments = [obj for obj in objects.values() if obj["kind"] == "Deployment"]
        generations = {generation_of(obj) for obj in deployments}
        if len(generations) > _MOST_GENERATIONS and (error is None or "Deployment" not in str(error)):
            raise InvariantError("bounded", f"{len(generations)} generations: {sorted(generations)}")
        workers = sum(wanted_replicas(obj) for obj in deployments if role_of(obj) == "worker")
        if workers > _MOST_WORKERS:
            raise InvariantError("bounded", f"{workers} workers")
        if error is None and kinds.count("ConfigMap") > _MOST_FILES:
            raise InvariantError("bounded", f"{kinds.count('ConfigMap')} ConfigMaps")

    def _check_leftovers(self, cluster: KubernetesObject, truth: Facts, wanted: str, error: ApiError | None) -> None:
        """What is neither desired nor serves is removed, whatever unrelated object is refused."""
        if error is not None and any(_is_vital(kind, name) for kind, name in _BLAMED.findall(str(error))):
            return
        record = cluster.get("status", {}).get("rollout", {})
        lingering = record.get("fromGeneration") if "finishedAt" not in record else None
        serving = cluster.get("status", {}).get("coordinator", {}).get("generation")
        needed = {wanted, truth.selected, self._guard.incumbent, serving}
        left = {
            name
            for name, facts in truth.generations.items()
            if name not in needed
            and (self._is_long_left(name) or (name != lingering and not facts.is_coordinator_ready))
        }
        if left:
            raise InvariantError("leftover", f"generations {sorted(left)} are left over")

    def _is_long_left(self, generation: str) -> bool:
        left_at = self._guard.left_at.get(generation)
        return left_at is not None and self._guard.clock.now - left_at > _LONGEST_LINGER

    def _check_status(self, status: dict[str, Any], truth: Facts, told: Objects, error: ApiError | None) -> None:
        known = self._guard.known()
        conditions = {condition["type"]: condition for condition in status.get("conditions", [])}
        if not conditions:
            return
        serving = status["coordinator"]["generation"]
        is_ready = conditions["Ready"]["status"] == "True"
        facts = known.generations.get(serving)
        if is_ready and (facts is None or not facts.is_coordinator_ready):
            raise InvariantError("status", f"Ready, and the coordinator of {serving or 'nothing'} is not")
        if is_ready and truth.selected != serving and error is None and not self._is_invalid():
            raise InvariantError("status", f"Ready, and {serving} serves, but clients are sent to {truth.selected}")
        is_blamed = conditions["Ready"]["reason"] == "CoordinatorNotReady"
        if is_blamed and facts is not None and facts.is_coordinator_ready:
            raise InvariantError("status", f"not Ready, but the coordinator of {serving} is")
        workers = status["workers"]
        if workers["readyReplicas"] > sum(row["readyReplicas"] for row in workers["pools"]):
            raise InvariantError("status", f"more workers are ready than in all pools: {workers}")
        leaving = [obj for obj in told.values() if obj["kind"] == "Pod" and is_terminating(obj)]
        if workers["draining"] > len(leaving):
            raise InvariantError("status", f"{workers['draining']} workers drain, but {len(leaving)} pods terminate")

    def _is_invalid(self) -> bool:
        cluster = self._guard.api.objects.get(CLUSTER_IDENTITY)
        return cluster is not None and defect_of(cluster["spec"]) == "invalid"

    def unsettled(self, objects: Objects) -> str:
        """What is not yet as the spec asks for; empty if everything is.

        Of a spec that can't start, the former generation is to serve, and the conditions are to say why.
        """
        cluster = objects.get(CLUSTER_IDENTITY)
        if not self._guard.watches.is_current:
            return "the operator has missed an event"
        if cluster is None or not cluster.get("status"):
            return "no status was written"
        defect = defect_of(cluster["spec"])
        conditions = {item["type"]: item for item in cluster["status"]["conditions"]}
        truth = self._guard.truth()
        return _unsaid(conditions, defect) or (
            self._unfinished(objects, truth, cluster) if defect is None else self._unhealed(truth, cluster)
        )

    def _limits_to_end(self, cluster: KubernetesObject) -> str:
        limits = [row["limit"]["until"] for row in cluster["status"]["workers"]["pools"] if "limit" in row]
        is_over = all((kubernetes_time(until) or self._guard.clock.now) <= self._guard.clock.now for until in limits)
        return "" if is_over else f"pools are limited until {max(limits)}"

    def _unhealed(self, truth: Facts, cluster: KubernetesObject) -> str:
        """What is missing of what serves while the spec can't be carried out."""
        is_valid = not self._is_invalid()
        if is_valid and (limits := self._limits_to_end(cluster)):
            return limits
        serving = self._guard.incumbent
        if serving is None or (is_unmended(Known.FORMER_WORKERS) and self._fails_to_replace_workers(serving)):
            return ""
        wanted = wanted_workers(cluster["spec"]) if is_valid else 0
        return _unserved(truth, serving) or _too_few(truth, serving, wanted)

    def _fails_to_replace_workers(self, generation: str) -> bool:
        """Whether workers of a generation can't start, so that its former ones have to do."""
        pods = [obj for obj in self._guard.api.objects.values() if obj["kind"] == "Pod" and _is_ours(obj)]
        return any(failure(pod) for pod in pods if role_of(pod) == "worker" and generation_of(pod) == generation)

    def _unfinished(self, objects: Objects, truth: Facts, cluster: KubernetesObject) -> str:
        """What is missing of a good spec."""
        spec = cluster["spec"]
        if limits := self._limits_to_end(cluster):
            return limits
        if len(truth.generations) != 1:
            return f"there are generations {sorted(truth.generations)}"
        (serving,) = truth.generations
        wanted = wanted_workers(spec)
        pods = [obj for obj in objects.values() if obj["kind"] == "Pod" and is_at_work(obj) and _is_ours(obj)]
        workers = [pod for pod in pods if role_of(pod) == "worker"]
        if (len(pods) - len(workers), len(workers)) != (1, wanted):
            return f"{len(pods) - len(workers)} coordinators and {len(workers)} workers, {wanted} desired"
        pools = {pool["name"] for pool in spec["workers"]["pools"]}
        if strange := {pool_of(pod) for pod in workers} - pools:
            return f"workers in pools that there are not: {strange}"
        return _unserved(truth, serving) or _too_few(truth, serving, wanted)


def _is_vital(kind: str, name: str) -> bool:
    """Whether a generation doesn't serve as long as this object is refused."""
    return kind in ("Deployment", "ConfigMap", "Secret") or (kind == "Service" and name != f"{CLUSTER}-workers")


def _unsaid(conditions: dict[str, Any], defect: Defect | None) -> str:
    """What the conditions don't say as it is."""
    right = {
        "invalid": {"Valid": "False"},
        "coordinator": {"Valid": "True", "Degraded": "True"},
        "workers": {"Valid": "True", "Degraded": "True"},
        None: {"Valid": "True", "Ready": "True", "Progressing": "False", "Degraded": "False"},
    }
    wrong = [conditions[name] for name, status in right[defect].items() if conditions[name]["status"] != status]
    return "; ".join(f"{item['type']} is {item['status']}: {item['message']}" for item in wrong)


def _is_ours(pod: KubernetesObject) -> bool:
    return any(owner["kind"] == "ReplicaSet" for owner in pod["metadata"].get("ownerReferences", []))


def _unserved(truth: Facts, generation: str) -> str:
    if truth.reached != generation:
        return f"{generation} is to serve, clients reach {truth.reached}"
    return "" if truth.is_able(generation) else f"{generation} is not able to serve"


def _too_few(truth: Facts, generation: str, wanted: int) -> str:
    ready = truth.generations[generation].ready_workers
    return f"{ready} workers of {generation} are ready, {wanted} desired" if ready < wanted else ""

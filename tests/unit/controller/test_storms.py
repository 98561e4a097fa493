"""Pods that the kubelet turns away are replaced by their ReplicaSet at once, without any back-off: they are held."""

from __future__ import annotations

import pytest

from presto_operator.objects import KubernetesObject, is_terminating
from tests.unit import live
from tests.unit.controller.world import World
from tests.unit.live import generation, role
from tests.unit.manifest import manifest

_FORBIDDEN = {"reason": "SysctlForbidden", "message": 'forbidden sysctl: "net.core.somaxconn" not allowlisted'}
_WORKERS = {"replicas": 20, "pools": [{"name": "r5"}]}


class Kubelets:
    """A ReplicaSet controller without back-off, and kubelets that turn away the pods of some Deployments."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refused = {"coordinator", "worker"}
        """The roles whose pods are turned away."""
        self.created = 0

    def act(self, rounds: int) -> None:
        """So many times, each Deployment gets the pods that it lacks, which fail or start at once."""
        for _ in range(rounds):
            for deployment in [obj for obj in self.world.api.objects.values() if obj["kind"] == "Deployment"]:
                self._replace(deployment)

    def _replace(self, deployment: KubernetesObject) -> None:
        own = deployment["spec"]["selector"]["matchLabels"].items()
        pods = [obj for obj in self.world.api.objects.values() if obj["kind"] == "Pod"]
        active = [
            pod
            for pod in pods
            if own <= pod["metadata"]["labels"].items()
            and pod["status"].get("phase") != "Failed"
            and not is_terminating(pod)
        ]
        wanted = deployment["spec"]["replicas"]
        for pod in active[wanted:]:
            self.world.delete("Pod", pod["metadata"]["name"])
        for _ in range(wanted - len(active)):
            self._create(deployment)
        ready = 0 if role(deployment) in self.refused else wanted
        self.world.api.write(live.deployment({**deployment}, ready=ready))

    def _create(self, deployment: KubernetesObject) -> None:
        self.created += 1
        (pod,) = live.pods({**deployment, "spec": {**deployment["spec"], "replicas": 1}})
        pod["metadata"]["name"] = pod["metadata"]["uid"] = f"{deployment['metadata']['name']}-n{self.created}"
        pod["metadata"]["creationTimestamp"] = self.world.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        if role(deployment) in self.refused:
            pod["status"] = {"phase": "Failed", **_FORBIDDEN}
        else:
            pod["status"]["phase"] = "Running"
        self.world.api.write(pod)


def _failed(world: World) -> list[str]:
    pods = [obj for obj in world.api.objects.values() if obj["kind"] == "Pod"]
    return [pod["metadata"]["name"] for pod in pods if pod["status"].get("phase") == "Failed"]


def _storm(world: World, kubelets: Kubelets, *, seconds: int) -> None:
    """Let time pass: a pass each second, while ReplicaSets make pods."""
    for _ in range(seconds):
        kubelets.act(3)
        world.reconcile(after_seconds=1)


def test_pods_that_are_turned_away_are_bounded() -> None:
    world = World(manifest(workers={"replicas": 1}))
    world.reconcile()
    kubelets = Kubelets(world)
    _storm(world, kubelets, seconds=95)
    # Without a bound there were 609. A trial after 10, 20 and 40 seconds makes some for each Deployment.
    assert kubelets.created <= 40
    assert len(_failed(world)) <= 8
    before = kubelets.created
    _storm(world, kubelets, seconds=600)
    assert kubelets.created - before <= 40
    condition = world.condition("Degraded")
    assert (condition["status"], condition["reason"]) == ("True", "PodsRejected")
    assert "SysctlForbidden: forbidden sysctl" in condition["message"]
    assert "Correct the spec" in condition["message"]
    assert len(world.news("PodsRejected")) == 1


def test_it_goes_on_at_once_after_the_spec_was_mended() -> None:
    world = World(manifest(workers={"replicas": 1}, sysctls={"net.core.somaxconn": "1024"}))
    world.reconcile()
    kubelets = Kubelets(world)
    _storm(world, kubelets, seconds=30)
    broken = world.status["coordinator"]["generation"]
    kubelets.refused = set()
    world.set_spec(sysctls={})
    _storm(world, kubelets, seconds=3)
    assert world.condition("Degraded")["status"] == "False"
    deployments = [obj for obj in world.children().values() if obj["kind"] == "Deployment"]
    assert broken not in {generation(obj) for obj in deployments}
    assert {obj["spec"]["replicas"] for obj in deployments} == {1}


def test_it_goes_on_by_itself_once_the_nodes_take_the_pods() -> None:
    world = World(manifest(workers=_WORKERS))
    world.reconcile()
    kubelets = Kubelets(world)
    _storm(world, kubelets, seconds=60)
    kubelets.refused = set()
    _storm(world, kubelets, seconds=60)
    deployments = [obj for obj in world.children().values() if obj["kind"] == "Deployment"]
    assert sorted(obj["spec"]["replicas"] for obj in deployments) == [1, 20]
    assert not any("prestooperator.io/backoff" in obj["metadata"]["annotations"] for obj in deployments)
    assert world.condition("Degraded")["status"] == "False"
    assert _failed(world) == []


def test_workers_that_run_are_kept_while_others_are_turned_away() -> None:
    world = World(manifest(workers=_WORKERS))
    world.settle()
    kubelets = Kubelets(world)
    workers = [name for name in world.api.names("Pod") if role(world.api.find("Pod", name)) == "worker"]
    for name in workers[:5]:
        world.delete("Pod", name)
    for name in workers[5:]:
        world.edit("Pod", name, lambda pod: pod["metadata"].update(creationTimestamp="2025-12-31T00:00:00Z"))
    kubelets.refused = {"worker"}
    _storm(world, kubelets, seconds=20)
    assert set(workers[5:]) <= world.api.names("Pod")
    assert kubelets.created <= 30
    (deployment,) = [obj for obj in world.children().values() if obj["kind"] == "Deployment" and role(obj) == "worker"]
    assert deployment["spec"]["replicas"] in (15, 16)


@pytest.mark.parametrize("failed", [1, 2])
def test_one_or_two_failed_pods_hold_nothing(failed: int) -> None:
    world = World(manifest(workers={"replicas": 2}))
    world.settle()
    (coordinator,) = [name for name in world.api.names("Pod") if role(world.api.find("Pod", name)) == "coordinator"]
    for number in range(failed):
        pod = world.api.find("Pod", coordinator)
        metadata = {**pod["metadata"], "name": f"evicted-{number}", "uid": f"evicted-{number}"}
        world.api.write({**pod, "metadata": metadata, "status": {"phase": "Failed", "reason": "Evicted"}})
    world.reconcile()
    assert world.api.requests == []
    assert world.condition("Degraded")["status"] == "False"


def test_an_unchanged_world_costs_no_write_while_it_is_held() -> None:
    world = World(manifest(workers={"replicas": 1}))
    world.reconcile()
    kubelets = Kubelets(world)
    _storm(world, kubelets, seconds=400)
    deployments = [obj for obj in world.children().values() if obj["kind"] == "Deployment"]
    assert {obj["spec"]["replicas"] for obj in deployments} == {0}
    world.reconcile(after_seconds=1)
    world.reconcile(after_seconds=1)
    assert [request for request in world.api.requests if request[0] != "status"] == []

from __future__ import annotations

from typing import Any

import pytest

from presto_operator.kube import ApiError
from tests.unit.controller.world import World
from tests.unit.manifest import manifest

AUTOSCALING: dict[str, Any] = {
    "minReplicas": 1,
    "maxReplicas": 10,
    "targets": {"queriesPerWorker": "1"},
    "behavior": {"scaleUp": {"stabilizationWindowSeconds": 0}, "scaleDown": {"stabilizationWindowSeconds": 0}},
}


def _world(**autoscaling: Any) -> World:
    spec = manifest(workers={"replicas": 2}, autoscaling={**AUTOSCALING, **autoscaling})
    world = World(spec)
    _load(world, running=2)
    world.settle()
    return world


@pytest.fixture
def active() -> World:
    return _world()


def _load(world: World, *, running: int, queued: int = 0, waiting: int = 0) -> None:
    world.api.presto_answer = {
        "runningQueries": running,
        "blockedQueries": 0,
        "queuedQueries": queued,
        "waitingQueries": waiting,
        "activeWorkers": 2,
    }


def _wanted(world: World) -> int:
    deployments = [world.api.find("Deployment", name) for name in world.api.names("Deployment")]
    return sum(
        obj["spec"]["replicas"]
        for obj in deployments
        if obj["metadata"]["labels"]["prestooperator.io/role"] == "worker"
    )


def _see(world: World) -> None:
    """Two passes: what is asked beside one is reported by the next."""
    world.reconcile()
    world.reconcile()
    world.roll_out()


def test_workers_follow_the_load(active: World) -> None:
    assert _wanted(active) == 2
    _load(active, running=2, queued=4)
    _see(active)
    assert _wanted(active) == 6
    assert active.status["autoscaling"]["desired"] == 6
    assert active.condition("AutoscalingActive")["reason"] == "Active"
    assert active.news("ScaledUp") == ["workers 2 → 6 (QueryDemand): 2 running + 4 queued at 1 per worker = 6"]
    _load(active, running=1)
    for _ in range(5):
        _see(active)
    assert _wanted(active) == 1
    assert "1 running at 1 per worker = 1" in active.news("ScaledDown")[-1]
    assert active.status["autoscaling"]["decisions"][0]["toReplicas"] == 1
    assert active.api.find("PrestoCluster", "adhoc")["spec"]["workers"] == {"replicas": 2}


def test_scaling_is_no_correction(active: World) -> None:
    _load(active, running=6)
    _see(active)
    _see(active)
    assert active.news("Corrected") == []


def test_an_unchanged_load_costs_no_write(active: World) -> None:
    for _ in range(10):
        active.reconcile()
        assert active.api.requests == []


def test_advisory_changes_nothing() -> None:
    world = _world(mode="Advisory")
    before = world.children()
    _load(world, running=6)
    world.reconcile()
    world.reconcile()
    assert world.children() == before
    assert world.status["autoscaling"]["desired"] == 6
    assert world.condition("AutoscalingActive")["reason"] == "Advisory"
    assert len(world.news("ScaleUpAdvised")) == 1


def test_a_restart_of_the_operator_changes_nothing(active: World) -> None:
    _load(active, running=6)
    _see(active)
    _see(active)
    children, status = active.children(), active.status
    active.restart()
    for _ in range(3):
        active.reconcile()
        assert active.children() == children
        assert active.status == status


def test_a_coordinator_that_falls_silent_takes_nobodys_worker(active: World) -> None:
    _load(active, running=6)
    _see(active)
    active.api.presto_answer = ApiError(503, "no endpoints")
    for _ in range(30):
        active.reconcile()
    assert _wanted(active) == 6
    assert active.condition("AutoscalingActive")["reason"] == "NoData"
    assert [event["type"] for event in active.api.events if event["reason"] == "AutoscalingNoData"] == ["Warning"]
    active.restart()
    active.reconcile()
    active.reconcile()
    assert _wanted(active) == 6


def test_two_owners_are_told(active: World) -> None:
    active.set_spec(workers={"replicas": 5})
    _see(active)
    assert _wanted(active) == 2
    condition = active.condition("AutoscalingActive")
    assert (condition["status"], condition["reason"]) == ("True", "ReplicasIgnored")
    assert [event["type"] for event in active.api.events if event["reason"] == "ReplicasIgnored"] == ["Warning"]
    active.restart()
    active.reconcile()
    assert active.condition("AutoscalingActive")["reason"] == "ReplicasIgnored"


def test_off_hands_the_workers_over_to_replicas(active: World) -> None:
    _load(active, running=6)
    _see(active)
    active.set_spec(autoscaling={**AUTOSCALING, "mode": "Off"}, workers={"replicas": 4})
    for _ in range(5):
        _see(active)
    assert _wanted(active) == 4
    assert "autoscaling" not in active.status
    assert active.condition("AutoscalingActive")["reason"] == "Off"


def test_an_invalid_spec_leaves_what_was_decided(active: World) -> None:
    _load(active, running=6)
    _see(active)
    active.reconcile()
    before = active.status["autoscaling"]
    active.set_spec(version="nonsense")
    _load(active, running=1)
    _see(active)
    assert active.status["autoscaling"] == before
    assert active.condition("AutoscalingActive")["reason"] == "Active"
    assert _wanted(active) == 6


def test_a_busy_cluster_is_written_seldom(active: World) -> None:
    writes = 0
    for number in range(12):
        _load(active, running=2 + number % 2, queued=0)
        active.api.presto_answer = {**dict(active.api.presto_answer), "blockedQueries": 0}  # type: ignore[call-overload]
        active.reconcile()
        active.roll_out()
        writes += sum(1 for verb, kind, _ in active.api.requests if (verb, kind) == ("status", "PrestoCluster"))
    decisions = len(active.news("ScaledUp")) + len(active.news("ScaledDown"))
    # A write for each decision, for the roll-out that it makes, and one each half minute.
    assert writes <= 4 + 3 * decisions


def test_none_after_idleness_and_back_for_the_first_query() -> None:
    world = _world(scaleToZero={"idleAfter": "1m"})
    _load(world, running=0)
    for _ in range(10):
        _see(world)
    assert _wanted(world) == 0
    assert world.status["autoscaling"]["decisions"][0]["reason"] == "Idle"
    assert world.condition("Ready")["status"] == "True"
    _load(world, running=0, waiting=1)
    _see(world)
    assert _wanted(world) == 1


def test_an_idle_cluster_keeps_queries_waiting_only_if_it_may_have_no_workers() -> None:
    def config(world: World) -> str:
        (name,) = [name for name in world.api.names("ConfigMap") if "coordinator" in name]
        text: str = world.api.find("ConfigMap", name)["data"]["config.properties"]
        return text

    assert "query-manager.required-workers=1" in config(_world(scaleToZero={"idleAfter": "1m"}))
    assert "query-manager.required-workers" not in config(_world())

"""What a pass does about pools without nodes, nodes at risk, and workers that are to leave."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from presto_operator.kube import ApiError
from presto_operator.objects import KubernetesObject
from presto_operator.planning.departures import DELETION_COST
from presto_operator.telemetry import metrics
from tests.unit.controller.world import HANDOVER_SECONDS, KEY, RECONCILE_SECONDS, World
from tests.unit.live import pool, role
from tests.unit.manifest import manifest
from tests.unit.nodes.nodes import node, taint

RECLAIMED = taint("aws-node-termination-handler/spot-itn")
AT_RISK = taint("aws-node-termination-handler/rebalance-recommendation")
RUNNING = [{"queryId": "1", "state": "RUNNING"}]


def _world(**workers: Any) -> World:
    """A cluster that has come up, each pod on a node of its own."""
    world = World(manifest(workers=workers))
    world.settle()
    _give_nodes(world)
    world.reconcile()
    return world


def _give_nodes(world: World) -> None:
    """Let the scheduler find a node for each pod, and the watch of nodes catch up."""
    for name in world.api.names("Pod"):
        pod = world.api.find("Pod", name)
        if "nodeName" not in pod["spec"]:
            world.api.write({**pod, "spec": {**pod["spec"], "nodeName": f"node-of-{name}"}})
            _set_node(world, name, node())
    _sync(world)


def _set_node(world: World, pod: str, changed: KubernetesObject) -> None:
    name = f"node-of-{pod}"
    world.api.write({**changed, "kind": "Node", "metadata": {**changed["metadata"], "name": name}})


def _sync(world: World) -> None:
    world.nodes.replace_all([obj for obj in world.api.objects.values() if obj["kind"] == "Node"], 10_000)


def _workers(world: World) -> list[str]:
    return sorted(name for name in world.api.names("Pod") if role(world.api.find("Pod", name)) == "worker")


def _replicas(world: World) -> dict[str, int]:
    deployments = [obj for obj in world.api.objects.values() if obj["kind"] == "Deployment" and role(obj) == "worker"]
    return {pool(obj): obj["spec"]["replicas"] for obj in deployments}


def _writes(world: World, kind: str) -> list[tuple[str, str]]:
    return [(verb, name) for verb, written, name in world.api.requests if written == kind]


def _limit(world: World, name: str) -> dict[str, Any] | None:
    rows = world.status["workers"]["pools"]
    found: dict[str, Any] | None = next(row.get("limit") for row in rows if row["name"] == name)
    return found


def _chosen(world: World) -> list[str]:
    return [
        name
        for name in _workers(world)
        if DELETION_COST in world.api.find("Pod", name)["metadata"].get("annotations", {})
    ]


def _let_wait(world: World, name: str) -> None:
    """Let a worker be without a node from now on."""

    def lose(pod: KubernetesObject) -> None:
        del pod["spec"]["nodeName"]
        since = world.now.isoformat()
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": since}
        pod["status"]["conditions"] = [condition]

    world.edit("Pod", name, lose)


@pytest.fixture
def two_pools() -> World:
    """Two workers in each of two pools."""
    return _world(replicas=4, pools=[{"name": "r5"}, {"name": "r6"}])


def test_a_worker_without_a_node_moves_to_another_pool_and_that_is_remembered(two_pools: World) -> None:
    world = two_pools
    first = next(name for name in _workers(world) if "-r5-" in name)
    _let_wait(world, first)
    world.reconcile(after_seconds=60)
    assert _replicas(world) == {"r5": 2, "r6": 2}
    world.reconcile(after_seconds=70)
    assert _replicas(world) == {"r5": 1, "r6": 3}
    limit = _limit(world, "r5")
    assert limit is not None
    assert (limit["reason"], limit["most"]) == ("Unschedulable", 1)
    (told,) = world.news("PoolUnschedulable")
    assert "its workers found no nodes" in told
    assert world.news("Corrected") == []
    labels = {"namespace": "analytics", "cluster": "adhoc", "pool": "r5", "reason": "Unschedulable"}
    assert metrics.registry.get_sample_value("presto_operator_pool_limited", labels) == 1

    world.roll_out()
    _give_nodes(world)
    world.reconcile()
    world.restart()
    _sync(world)
    world.reconcile()
    assert _limit(world, "r5") == limit
    assert "; pool r5 gets at most 1 worker until " in world.condition("Progressing")["message"]
    world.reconcile()
    assert world.api.requests == []


def test_a_reclaim_is_remembered_though_its_worker_is_gone_at_once(
    two_pools: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = two_pools
    first = next(name for name in _workers(world) if "-r5-" in name)
    _set_node(world, first, node(RECLAIMED))
    _sync(world)

    async def let_go(pod: KubernetesObject, **_: Any) -> None:
        world.delete("Pod", pod["metadata"]["name"])

    monkeypatch.setattr(world.api, "delete_pod", let_go)
    world.reconcile()
    limit = _limit(world, "r5")
    assert limit is not None
    assert (limit["reason"], limit["most"]) == ("Reclaimed", 1)
    assert _replicas(world) == {"r5": 1, "r6": 3}


def test_a_limit_survives_a_spec_that_is_invalid(two_pools: World) -> None:
    _let_wait(two_pools, next(name for name in _workers(two_pools) if "-r5-" in name))
    two_pools.reconcile(after_seconds=130)
    limit = _limit(two_pools, "r5")
    assert limit is not None
    two_pools.set_spec(version="not a version")
    two_pools.reconcile()
    assert two_pools.condition("Valid")["status"] == "False"
    assert _limit(two_pools, "r5") == limit


def test_a_worker_at_risk_goes_when_another_has_taken_over() -> None:
    world = _world(replicas=2)
    first, second = _workers(world)
    _set_node(world, first, node(AT_RISK))
    _sync(world)
    world.reconcile()
    assert _replicas(world) == {"workers": 3}
    assert _writes(world, "Pod") == []
    assert "replacing 1 worker because its node may go away" in world.condition("Progressing")["message"]
    world.reconcile()
    assert _replicas(world) == {"workers": 3}, "the replacement is still on its way"

    world.roll_out()
    _give_nodes(world)
    world.reconcile()
    assert _replicas(world) == {"workers": 2}
    assert _writes(world, "Pod") == [("annotate", first)]
    (told,) = world.news("NodeAtRisk")
    assert told.startswith(f"node node-of-{first}: EC2 expects to reclaim")
    assert world.news("Corrected") == []

    world.edit("Pod", first, lambda pod: pod["metadata"].update(deletionTimestamp="2026-01-01T06:00:00Z"))
    world.reconcile()
    assert _replicas(world) == {"workers": 2}
    world.delete("Pod", first)
    world.reconcile()
    assert second in _workers(world)
    assert world.news("OtherWorkerRemoved") == []


def test_the_least_busy_workers_leave() -> None:
    world = _world(replicas=3)
    names = _workers(world)
    world.api.tasks = lambda pod: [{"taskStatus": {"state": "RUNNING"}}] * (0 if pod == names[1] else 3)
    world.set_spec(workers={"replicas": 2})
    world.reconcile()
    assert _chosen(world) == [names[1]]
    assert _replicas(world) == {"workers": 2}
    pods = [kind for _, kind, _ in world.api.requests]
    assert pods.index("Pod") < pods.index("Deployment"), "Kubernetes has to know before it chooses"


def test_workers_that_can_not_be_asked_count_as_busy() -> None:
    world = _world(replicas=3)
    names = _workers(world)
    world.api.tasks = lambda pod: [{"taskStatus": {"state": "RUNNING"}}] if pod == names[2] else ApiError(502, "no")
    world.set_spec(workers={"replicas": 2})
    world.reconcile()
    assert _chosen(world) == [names[2]]


def test_a_worker_that_can_not_be_marked_holds_nothing_up() -> None:
    world = _world(replicas=2)
    for name in _workers(world):
        world.api.refused["Pod", name] = ApiError(403, "pods is forbidden")
    world.set_spec(workers={"replicas": 1})
    world.reconcile()
    assert _replicas(world) == {"workers": 1}
    assert _chosen(world) == []


def test_it_is_told_if_another_worker_has_left() -> None:
    world = _world(replicas=3)
    names = _workers(world)
    world.set_spec(workers={"replicas": 2})
    world.reconcile()
    (chosen,) = _chosen(world)
    world.reconcile()
    assert world.news("OtherWorkerRemoved") == [], "nobody has left yet"
    world.delete("Pod", next(name for name in names if name != chosen))
    for name in world.api.names("Deployment"):
        world.edit("Deployment", name, _catch_up)
    world.reconcile()
    (told,) = world.news("OtherWorkerRemoved")
    assert chosen in told
    assert _chosen(world) == []
    world.reconcile()
    assert _writes(world, "Pod") == []


def _catch_up(deployment: KubernetesObject) -> None:
    deployment["status"].update(
        observedGeneration=deployment["metadata"]["generation"], replicas=deployment["spec"]["replicas"]
    )


def test_the_last_worker_stays_while_queries_run() -> None:
    world = _world(replicas=2)
    world.api.queries = lambda: RUNNING
    world.set_spec(workers={"replicas": 0})
    assert world.reconcile() == HANDOVER_SECONDS
    assert _replicas(world) == {"workers": 1}
    world.roll_out()
    world.api.queries = lambda: ApiError(503, "no answer")
    assert world.reconcile() == HANDOVER_SECONDS
    assert _replicas(world) == {"workers": 1}
    assert "the last worker is kept until no queries run" in world.condition("Progressing")["message"]
    world.api.queries = list
    assert world.reconcile() == RECONCILE_SECONDS
    assert _replicas(world) == {"workers": 0}
    world.roll_out()
    world.reconcile()
    asked = len(world.api.asked)
    world.now += timedelta(minutes=1)
    world.reconcile()
    assert not any(path.endswith("/v1/query") for path in world.api.asked[asked:]), "there is nothing left to decide"


def test_a_worker_that_was_deleted_beside_the_passes_and_is_gone_counts_as_reclaimed(two_pools: World) -> None:
    world = two_pools
    first = next(name for name in _workers(world) if "-r5-" in name)
    _set_node(world, first, node(taint("aws-node-termination-handler/spot-itn")))
    _sync(world)
    asyncio.run(world.reconciler.reclaim(KEY))
    assert "deletionTimestamp" in world.api.find("Pod", first)["metadata"]
    # It had nothing to drain.
    world.delete("Pod", first)
    world.reconcile()
    limit = _limit(world, "r5")
    assert limit is not None
    assert limit["reason"] == "Reclaimed"

"""What a pass tells of workers that have left."""

from __future__ import annotations

from typing import Any

import pytest

from presto_operator.objects import KubernetesObject
from presto_operator.telemetry import metrics
from tests.unit.controller.world import KEY, World
from tests.unit.live import role
from tests.unit.manifest import manifest
from tests.unit.nodes.nodes import node


@pytest.fixture
def world() -> World:
    """A cluster of two workers that has come up, on a node that is well."""
    metrics.forget_cluster(KEY.namespace, KEY.name)
    prepared = World(manifest(workers={"replicas": 2}))
    prepared.settle()
    for name in prepared.api.names("Pod"):
        prepared.edit("Pod", name, lambda pod: pod["spec"].update(nodeName="node-1"))
        _set_server(prepared, name, {"running": {}})
    _sync_nodes(prepared)
    prepared.reconcile()
    return prepared


def _sync_nodes(world: World, **changed: Any) -> None:
    """Let the watch of nodes catch up with one node."""
    known = {**node(**changed), "kind": "Node"}
    known["metadata"] = {**known["metadata"], "name": "node-1"}
    world.api.write(known)
    world.nodes.replace_all([world.api.objects["Node", "", "node-1"]], 10_000)


def _workers(world: World) -> list[str]:
    return sorted(name for name in world.api.names("Pod") if role(world.api.find("Pod", name)) == "worker")


def _set_server(world: World, pod: str, state: dict[str, Any]) -> None:
    statuses = [{"name": "presto", "state": state}]
    world.edit("Pod", pod, lambda live: live["status"].update(containerStatuses=statuses))


def _delete(world: World, pod: str) -> None:
    """Let somebody delete a pod: it is on its way out."""

    def mark(live: KubernetesObject) -> None:
        live["metadata"].update(deletionTimestamp="2026-01-01T06:00:00Z", deletionGracePeriodSeconds=1850)

    world.edit("Pod", pod, mark)


def _end(world: World, pod: str, code: int = 0) -> None:
    """Let the server end half a minute after its deletion, and its pod be gone."""
    ended = {"exitCode": code, "finishedAt": "2026-01-01T05:29:40Z", "message": "drain: state=draining\n"}
    _set_server(world, pod, {"terminated": ended})
    # The kubelet's last act.
    now = {"deletionTimestamp": "2026-01-01T05:29:41Z", "deletionGracePeriodSeconds": 0}
    world.edit("Pod", pod, lambda live: live["metadata"].update(now))
    world.delete("Pod", pod)


def _counted(outcome: str) -> float:
    return _sample("presto_operator_drains_total", outcome=outcome)


def _sample(name: str, **labels: str) -> float:
    found = metrics.registry.get_sample_value(name, {"namespace": KEY.namespace, "cluster": KEY.name, **labels})
    return found or 0.0


def test_a_drain_is_counted_once_and_its_time_is_known(world: World) -> None:
    first, _ = _workers(world)
    _delete(world, first)
    world.reconcile()
    assert _counted("Drained") == 0
    _end(world, first)
    world.reconcile()
    world.reconcile()
    assert _counted("Drained") == 1
    assert _sample("presto_operator_drain_duration_seconds_count") == 1
    assert _sample("presto_operator_drain_duration_seconds_sum") == 30
    assert world.news("DrainTimedOut") == []


def test_a_bad_end_is_told_of_once(world: World) -> None:
    first, _ = _workers(world)
    _delete(world, first)
    world.reconcile()
    _end(world, first, 137)
    world.reconcile()
    world.reconcile()
    assert _counted("TimedOut") == 1
    (told,) = world.news("DrainTimedOut")
    assert told.startswith(f"{first}: killed after 30 s while still draining")


def test_an_operator_that_was_restarted_counts_what_still_leaves_and_nothing_that_is_gone(world: World) -> None:
    first, second = _workers(world)
    _delete(world, first)
    _delete(world, second)
    world.reconcile()
    _end(world, first)
    world.restart()
    _sync_nodes(world)
    world.reconcile()
    _end(world, second)
    world.reconcile()
    assert _counted("Drained") == 1


def test_a_worker_whose_node_is_lost_in_mid_drain_is_told_of_once(world: World) -> None:
    first, _second = _workers(world)
    _delete(world, first)
    world.reconcile()
    gone = world.api.find("Pod", first)
    world.api.objects.pop(("Node", "", "node-1"))
    world.nodes.replace_all([], 10_000)
    world.reconcile()
    # What the watch is late with.
    world.store.put(gone)
    world.store.remove(gone)
    world.reconcile()
    assert _counted("NodeLost") == 1, "the other one was not told to leave"
    (told,) = world.news("DrainNodeLost")
    assert told.startswith(f"{first}: node node-1 went away before it had drained")


def test_nothing_is_lost_for_all_that_is_known_while_nodes_can_not_be_watched(world: World) -> None:
    first, _ = _workers(world)
    world.restart()
    _delete(world, first)
    world.reconcile()
    world.delete("Pod", first)
    world.reconcile()
    assert _counted("Unknown") == 1
    assert world.news("DrainNodeLost") == []


def test_drains_of_a_cluster_that_is_deleted_are_not_kept(world: World) -> None:
    first, _ = _workers(world)
    _delete(world, first)
    world.reconcile()
    _end(world, first)
    world.delete("PrestoCluster", KEY.name)
    world.reconcile()
    assert world.store.take_departed(KEY) == []
    assert _counted("Drained") == 0

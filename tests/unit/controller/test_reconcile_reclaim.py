"""What a pass does about nodes that go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from presto_operator.kube import ApiError
from presto_operator.objects import format_time
from presto_operator.telemetry import metrics
from tests.unit.controller.world import HANDOVER_SECONDS, RECONCILE_SECONDS, World
from tests.unit.live import role
from tests.unit.manifest import manifest
from tests.unit.nodes.nodes import node, taint

RECLAIMED = taint("aws-node-termination-handler/spot-itn")


@pytest.fixture
def world() -> World:
    """A cluster that has come up, its coordinator and each of its two workers on a node of their own."""
    prepared = World(manifest(workers={"replicas": 2}))
    prepared.settle()
    for name in prepared.api.names("Pod"):
        pod = prepared.api.find("Pod", name)
        prepared.api.write({**pod, "spec": {**pod["spec"], "nodeName": f"node-of-{name}"}})
        _set_node(prepared, name, node())
    _sync(prepared)
    prepared.reconcile()
    return prepared


def _set_node(world: World, pod: str, changed: Mapping[str, Any]) -> None:
    """Change the node of a pod."""
    name = f"node-of-{pod}"
    world.api.write({**changed, "kind": "Node", "metadata": {**changed["metadata"], "name": name}})


def _sync(world: World) -> None:
    """Let the watch of nodes catch up."""
    found = [obj for obj in world.api.objects.values() if obj["kind"] == "Node"]
    world.nodes.replace_all(found, 10_000)


def _lose(world: World, pod: str) -> None:
    world.api.objects.pop(("Node", "", f"node-of-{pod}"))


def _pods(world: World, wanted: str) -> list[str]:
    return sorted(name for name in world.api.names("Pod") if role(world.api.find("Pod", name)) == wanted)


def _pod_writes(world: World) -> list[tuple[str, str]]:
    return [(verb, name) for verb, kind, name in world.api.requests if kind == "Pod"]


def _counted(reason: str) -> float:
    labels = {"namespace": "analytics", "cluster": "adhoc", "reason": reason}
    return metrics.registry.get_sample_value("presto_operator_reclaims_total", labels) or 0.0


def test_workers_of_a_leaving_node_are_deleted_once(world: World) -> None:
    first, _ = _pods(world, "worker")
    before = _counted("SpotInterruption")
    _set_node(world, first, node(RECLAIMED))
    _sync(world)
    assert world.reconcile() == RECONCILE_SECONDS
    assert _pod_writes(world) == [("delete", first)]
    assert world.condition("Draining")["status"] == "True"
    assert _counted("SpotInterruption") == before + 1
    world.reconcile()
    world.restart()
    _sync(world)
    world.reconcile()
    assert _pod_writes(world) == []
    (told,) = world.news("NodeReclaimed")
    assert f"node node-of-{first}: EC2 is reclaiming" in told


def test_nothing_is_done_while_not_all_nodes_are_known(world: World) -> None:
    first, second = _pods(world, "worker")
    _set_node(world, first, node(RECLAIMED))
    _lose(world, second)
    world.restart()
    world.reconcile()
    assert _pod_writes(world) == []


def test_a_leaving_node_counts_for_a_cluster_with_an_invalid_spec(world: World) -> None:
    first, _ = _pods(world, "worker")
    world.set_spec(version="not a version")
    _set_node(world, first, node(RECLAIMED))
    _sync(world)
    world.reconcile()
    assert world.condition("Valid")["status"] == "False"
    assert _pod_writes(world) == [("delete", first)]


def test_a_cluster_that_a_finalizer_holds_is_looked_after_until_it_is_gone(world: World) -> None:
    first, second = _pods(world, "worker")
    held = {"deletionTimestamp": "2026-01-01T01:00:00Z", "finalizers": ["example.com/backup"]}
    world.edit("PrestoCluster", "adhoc", lambda obj: obj["metadata"].update(held))
    service = world.api.find("Service", "adhoc")
    world.delete("Service", "adhoc")
    _set_node(world, first, node(RECLAIMED))
    _lose(world, second)
    _sync(world)
    assert world.reconcile() == RECONCILE_SECONDS
    assert _pod_writes(world) == [("delete", first), ("remove", second)]
    assert service["metadata"]["name"] not in world.api.names("Service")
    assert {verb for verb, kind, _ in world.api.requests if kind not in ("Pod", "Event")} == set()


def test_pods_of_a_node_that_is_gone_are_removed(world: World) -> None:
    first, _ = _pods(world, "worker")
    world.edit("Pod", first, lambda pod: pod["metadata"].update(deletionTimestamp="2026-01-01T06:00:00Z"))
    _lose(world, first)
    _sync(world)
    world.reconcile()
    assert _pod_writes(world) == [("remove", first)]
    assert world.news("NodeLost") == [f"node node-of-{first}: the node no longer exists; replacing: {first}"]


def test_a_node_that_the_watch_does_not_know_yet_is_asked_for(world: World) -> None:
    first, _ = _pods(world, "worker")
    known = [obj for obj in world.api.objects.values() if obj["kind"] == "Node"]
    world.nodes.replace_all([obj for obj in known if obj["metadata"]["name"] != f"node-of-{first}"], 10_000)
    world.reconcile()
    assert _pod_writes(world) == []


def test_a_lost_coordinator_is_replaced_whatever_runs(world: World) -> None:
    (coordinator,) = _pods(world, "coordinator")
    world.api.queries = lambda: [{"queryId": "1", "state": "RUNNING"}]
    _lose(world, coordinator)
    _sync(world)
    world.reconcile()
    assert _pod_writes(world) == [("remove", coordinator)]


def test_a_coordinator_on_a_leaving_node_moves_when_no_query_is_unfinished(world: World) -> None:
    (coordinator,) = _pods(world, "coordinator")
    world.api.queries = lambda: [{"queryId": "1", "state": "RUNNING"}]
    _set_node(world, coordinator, node(RECLAIMED))
    _sync(world)
    assert world.reconcile() == HANDOVER_SECONDS
    assert world.reconcile() == HANDOVER_SECONDS
    assert _pod_writes(world) == []
    assert len(world.news("CoordinatorNodeLeaving")) == 1
    world.api.queries = list
    assert world.reconcile() == RECONCILE_SECONDS
    assert _pod_writes(world) == [("delete", coordinator)]


def test_a_coordinator_that_can_not_be_asked_stays(world: World) -> None:
    (coordinator,) = _pods(world, "coordinator")
    world.api.queries = lambda: ApiError(503, "no answer")
    _set_node(world, coordinator, node(RECLAIMED))
    _sync(world)
    assert world.reconcile() == HANDOVER_SECONDS
    assert _pod_writes(world) == []


def test_a_deletion_that_is_refused_is_told_and_holds_up_nothing_else(world: World) -> None:
    first, second = _pods(world, "worker")
    world.api.refused["Pod", first] = ApiError(403, "pods is forbidden")
    for name in (first, second):
        _set_node(world, name, node(RECLAIMED))
    _sync(world)
    with pytest.raises(ApiError, match="pods is forbidden"):
        world.reconcile()
    assert _pod_writes(world) == [("delete", first), ("delete", second)]
    assert "pods is forbidden" in world.condition("Degraded")["message"]
    assert second in world.news("NodeReclaimed")[0]


def test_an_idle_coordinator_leaves_a_cordoned_node(world: World) -> None:
    (coordinator,) = _pods(world, "coordinator")
    _set_node(world, coordinator, node(spec={"unschedulable": True}))
    _sync(world)
    world.reconcile()
    assert _pod_writes(world) == [("delete", coordinator)]


def test_a_busy_coordinator_stays_on_a_cordoned_node_and_says_so(world: World) -> None:
    world.api.queries = lambda: [{"queryId": "q1", "state": "RUNNING", "session": {}}]
    (coordinator,) = _pods(world, "coordinator")
    _set_node(world, coordinator, node(spec={"unschedulable": True}))
    _sync(world)
    for _ in range(3):
        assert world.reconcile() == HANDOVER_SECONDS
        assert _pod_writes(world) == []
    condition = world.condition("Progressing")
    assert (condition["status"], condition["reason"]) == ("True", "WaitingForQueries")
    assert f"coordinator {coordinator} moves to another node once no queries run" in condition["message"]
    assert len(world.news("CoordinatorNodeCordoned")) == 1
    # Uncordoned before it has moved, it stays.
    _set_node(world, coordinator, node())
    _sync(world)
    world.api.queries = list
    world.reconcile()
    assert _pod_writes(world) == []
    assert world.condition("Progressing")["status"] == "False"


@pytest.mark.parametrize("ahead", [-3600, -65, 0, 65, 3600])
def test_a_missed_heartbeat_is_no_lost_node_whatever_the_clocks_say(world: World, ahead: int) -> None:
    first, _ = _pods(world, "worker")
    since = format_time(world.now - timedelta(seconds=ahead))
    _set_node(world, first, node(ready={"status": "Unknown", "lastTransitionTime": since}))
    _sync(world)
    for _ in range(5):
        world.reconcile()
        assert ("remove", first) not in _pod_writes(world)
    world.reconcile()
    assert ("remove", first) in _pod_writes(world)

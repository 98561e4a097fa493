"""The Events that users see, all of them, for what they do and for what happens to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from presto_operator.objects import generation_of
from presto_operator.telemetry import metrics
from tests.unit.controller.world import KEY, World
from tests.unit.live import role
from tests.unit.manifest import manifest
from tests.unit.nodes.nodes import node, taint

RECLAIMED = taint("aws-node-termination-handler/spot-itn")
AT_RISK = taint("aws-node-termination-handler/rebalance-recommendation")
CHANGED: dict[str, Any] = {"replicas": 2, "jvm": {"extraArgs": ["-Da=b"]}}


@pytest.fixture
def world() -> Iterator[World]:
    """A cluster of two workers that has come up, each of its pods on a node of its own; its Events are forgotten."""
    yield _settled(replicas=2)
    metrics.forget_cluster(KEY.namespace, KEY.name)


def _settled(**workers: Any) -> World:
    prepared = World(manifest(workers=workers))
    prepared.settle()
    _give_nodes(prepared)
    prepared.reconcile()
    _forget_events(prepared)
    return prepared


def _forget_events(world: World) -> None:
    for event in world.api.events:
        world.api.objects.pop(("Event", KEY.namespace, event["metadata"]["name"]))


def _give_nodes(world: World) -> None:
    for name in world.api.names("Pod"):
        pod = world.api.find("Pod", name)
        if "nodeName" not in pod["spec"]:
            world.api.write({**pod, "spec": {**pod["spec"], "nodeName": f"node-of-{name}"}})
            _set_node(world, name, node())
    _sync(world)


def _set_node(world: World, pod: str, changed: dict[str, Any]) -> None:
    name = f"node-of-{pod}"
    world.api.write({**changed, "kind": "Node", "metadata": {**changed["metadata"], "name": name}})


def _sync(world: World) -> None:
    world.nodes.replace_all([obj for obj in world.api.objects.values() if obj["kind"] == "Node"], 10_000)


def _pods(world: World, wanted: str = "worker") -> list[str]:
    return sorted(name for name in world.api.names("Pod") if role(world.api.find("Pod", name)) == wanted)


def _serving(world: World) -> str:
    found: str = world.api.find("Service", "adhoc")["spec"]["selector"]["prestooperator.io/generation"]
    return found


def _until_quiet(world: World) -> None:
    """Let the other controllers and the operator do all that there is to do; what is deleted drains for a pass."""
    for _ in range(12):
        world.reconcile(after_seconds=5)
        world.roll_out(drains_last=True)
        _give_nodes(world)
        world.reconcile(after_seconds=5)
        for name in _pods(world):
            if "deletionTimestamp" in world.api.find("Pod", name)["metadata"]:
                world.delete("Pod", name)
    world.roll_out()
    for _ in range(2):
        world.reconcile()
    progressing = world.condition("Progressing")
    assert (progressing["status"], progressing["reason"]) == ("False", "UpToDate")


def _events(world: World) -> list[tuple[str, str, str]]:
    return [(event["type"], event["reason"], event["message"]) for event in world.api.events]


def test_a_first_start_is_one_event() -> None:
    world = World(manifest(workers={"replicas": 2}))
    world.settle()
    assert _events(world) == [("Normal", "Ready", "coordinator and 2 of 2 workers are serving, after 10 s")]


@pytest.mark.parametrize(
    ("replicas", "event"),
    [
        (1, ("Normal", "ScaledDown", "workers 2 → 1 (workers.replicas)")),
        (3, ("Normal", "ScaledUp", "workers 2 → 3 (workers.replicas)")),
    ],
)
def test_a_change_of_replicas_is_one_event(world: World, replicas: int, event: tuple[str, str, str]) -> None:
    world.set_spec(workers={"replicas": replicas})
    _until_quiet(world)
    assert _events(world) == [event]


def test_a_last_worker_that_is_kept_for_queries_says_so(world: World) -> None:
    world.api.queries = lambda: [{"queryId": "q1", "state": "RUNNING"}]
    world.set_spec(workers={"replicas": 0})
    world.reconcile()
    world.api.queries = list
    _until_quiet(world)
    assert _events(world) == [
        ("Normal", "ScaledDown", "workers 2 → 1 (the last worker is kept until no queries run; then 0)"),
        ("Normal", "ScaledDown", "workers 1 → 0 (workers.replicas)"),
    ]


def test_a_pools_minimum_is_named_as_the_cause(world: World) -> None:
    world.set_spec(workers={"replicas": 2, "pools": [{"name": "workers", "minReplicas": 3}]})
    _until_quiet(world)
    assert _events(world) == [("Normal", "ScaledUp", "workers 2 → 3 (the pools' minReplicas)")]


def test_a_roll_out_of_workers_is_two_events(world: World) -> None:
    world.set_spec(workers=CHANGED)
    _until_quiet(world)
    (first, (type_, reason, message)) = _events(world)
    assert first == ("Normal", "RolloutStarted", "replacing 2 workers because the workers' jvm.config changed")
    assert (type_, reason) == ("Normal", "RolloutFinished")
    assert message == "2 workers replaced in 35 s; 1 old worker still draining"
    assert world.status["rollout"]["because"] == "the workers' jvm.config changed"


def test_workers_that_can_not_start_are_told_of_until_the_change_is_taken_back(world: World) -> None:
    old = _pods(world)
    world.set_spec(workers=CHANGED)
    world.reconcile()
    _crash_new_workers(world)
    world.reconcile()
    (new,) = set(_pods(world)) - {*old}
    world.set_spec(workers={"replicas": 2})
    world.reconcile(after_seconds=20)
    world.delete("Pod", new)
    _until_quiet(world)
    crash = f"{new}: Error (exit code 1): Unrecognized VM option 'UseG2GC'"
    started = "because the workers' jvm.config changed"
    assert _events(world) == [
        ("Normal", "RolloutStarted", f"replacing 2 workers {started}"),
        ("Warning", "PodsFailing", crash),
        ("Normal", "RolloutStarted", f"replacing 1 worker {started}"),
        ("Normal", "RolloutFinished", "1 worker replaced in 5 s"),
        ("Normal", "Recovered", f"PodsFailing is over after 25 s: {crash.replace(new, f'{new} (old revision)')}"),
    ]


def _crash_new_workers(world: World) -> None:
    """Let the workers that are new come up and crash."""
    before = world.api.names("Pod")
    statuses = {name: world.api.find("Deployment", name).get("status") for name in world.api.names("Deployment")}
    world.roll_out()
    crash = {"exitCode": 1, "reason": "Error", "message": "Unrecognized VM option 'UseG2GC'"}
    failed = {
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [{"name": "presto", "ready": False, "state": {"terminated": crash}}],
    }
    for name in world.api.names("Pod") - before:
        world.edit("Pod", name, lambda pod: pod["status"].update(failed))
    for name, status in statuses.items():
        if status is None:
            world.edit("Deployment", name, lambda obj: obj["status"].update(readyReplicas=0, availableReplicas=0))


def test_a_change_of_the_coordinator_is_three_events(world: World) -> None:
    old = _serving(world)
    world.set_spec(version="0.288")
    _until_quiet(world)
    new = _serving(world)
    assert _events(world) == [
        ("Normal", "RolloutStarted", f"generation {new} replaces {old} because the image and the version changed"),
        (
            "Normal",
            "GenerationChanged",
            f"switched clients from generation {old} to {new}; no queries were interrupted",
        ),
        ("Normal", "RolloutFinished", f"generation {new} replaced {old} in 10 s; no queries were interrupted"),
    ]


def test_a_change_of_replicas_while_a_new_generation_is_pending_is_told_when_it_is_made(world: World) -> None:
    old = _serving(world)
    world.set_spec(version="0.288")
    world.reconcile()
    world.set_spec(workers={"replicas": 3})
    world.reconcile()
    assert _serving(world) == old
    assert [event[1:] for event in _events(world)[1:]] == [("ScaledUp", "workers 2 → 3 (workers.replicas)")]
    _until_quiet(world)
    assert [reason for _, reason, _ in _events(world)] == [
        "RolloutStarted",
        "ScaledUp",
        "GenerationChanged",
        "RolloutFinished",
    ]


def test_a_generation_that_never_served_costs_nothing_and_warns_of_nothing() -> None:
    world = World(manifest(workers={"replicas": 2}))
    world.reconcile()
    _never_start(world)
    world.reconcile()
    old = _serving(world)
    world.set_spec(version="0.288")
    world.reconcile()
    new = _serving(world)
    assert new != old
    assert old not in {generation_of(world.api.find("Deployment", name)) for name in world.api.names("Deployment")}
    assert old not in world.condition("Progressing")["message"]
    _until_quiet(world)
    assert {type_ for type_, _, _ in _events(world)} == {"Normal"}
    assert world.news("RolloutStarted") == [f"generation {new} replaces {old}, which has never served"]
    assert world.news("GenerationChanged") == []


def _never_start(world: World, generation: str = "") -> None:
    """Let the servers of a generation be there, and not come up."""
    world.roll_out()
    status = {
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [{"name": "presto", "ready": False, "started": False, "state": {"running": {}}}],
    }
    for name in world.api.names("Pod"):
        if generation in name:
            world.edit("Pod", name, lambda pod: pod["status"].update(status))
    for name in world.api.names("Deployment"):
        if generation in name:
            world.edit("Deployment", name, lambda obj: obj["status"].update(readyReplicas=0, availableReplicas=0))


SPOT_NOTICE = "EC2 is reclaiming the spot instance (taint aws-node-termination-handler/spot-itn), until 00:03:05 UTC"


def test_a_reclaimed_node_is_one_event() -> None:
    world = _settled(replicas=2, pools=[{"name": "base", "capacityType": "OnDemand"}])
    first, _ = _pods(world)
    _set_node(world, first, node(RECLAIMED))
    _sync(world)
    _until_quiet(world)
    assert _events(world) == [
        ("Normal", "NodeReclaimed", f"node node-of-{first}: {SPOT_NOTICE}; draining and replacing: {first}")
    ]


def test_a_reclaimed_node_of_a_spot_pool_is_one_event_more_for_the_pool() -> None:
    spot = {"name": "r5", "capacityType": "Spot"}
    world = _settled(replicas=2, pools=[spot, {"name": "base", "capacityType": "OnDemand"}])
    first, _ = _pods(world)
    _set_node(world, first, node(RECLAIMED))
    _sync(world)
    _until_quiet(world)
    # The world's pods end at six o'clock, whenever they were deleted.
    limited = "pool r5 gets at most 1 worker until 2026-01-01T06:15:00Z: its nodes were reclaimed"
    assert _events(world) == [
        ("Normal", "NodeReclaimed", f"node node-of-{first}: {SPOT_NOTICE}; draining and replacing: {first}"),
        ("Normal", "PoolReclaimed", limited),
    ]


def test_a_lost_node_is_a_warning() -> None:
    world = _settled(replicas=2, pools=[{"name": "base", "capacityType": "OnDemand"}])
    first, _ = _pods(world)
    world.api.objects.pop(("Node", "", f"node-of-{first}"))
    _sync(world)
    _until_quiet(world)
    assert _events(world) == [
        ("Warning", "NodeLost", f"node node-of-{first}: the node no longer exists; replacing: {first}")
    ]


def test_a_node_at_risk_is_one_event_once_its_worker_is_replaced(world: World) -> None:
    first, _ = _pods(world)
    _set_node(world, first, node(AT_RISK))
    _sync(world)
    world.reconcile()
    assert world.condition("Progressing")["message"] == "replacing 1 worker because its node may go away"
    world.roll_out()
    _give_nodes(world)
    world.reconcile()
    world.edit("Pod", first, lambda pod: pod["metadata"].update(deletionTimestamp="2026-01-01T06:00:00Z"))
    world.reconcile()
    world.delete("Pod", first)
    world.reconcile()
    ((type_, reason, message),) = _events(world)
    assert (type_, reason) == ("Normal", "NodeAtRisk")
    assert message.startswith(f"node node-of-{first}: EC2 expects to reclaim the spot instance ")
    assert message.endswith(f"; replacements are ready, draining: {first}")


def test_a_coordinator_on_a_reclaimed_node_tells_when_queries_are_in_danger_and_when_it_serves_again(
    world: World,
) -> None:
    (coordinator,) = _pods(world, "coordinator")
    _set_node(world, coordinator, node(RECLAIMED))
    _sync(world)
    world.api.queries = lambda: [{"queryId": "q1", "state": "RUNNING"}]
    for _ in range(3):
        world.reconcile(after_seconds=5)
    world.api.queries = list
    world.reconcile(after_seconds=5)
    world.delete("Pod", coordinator)
    world.roll_out()
    for _ in range(2):
        world.reconcile()
    assert [(type_, reason) for type_, reason, _ in _events(world)] == [
        ("Warning", "CoordinatorNodeLeaving"),
        ("Normal", "NodeReclaimed"),
        ("Warning", "NotReady"),
        ("Normal", "Ready"),
    ]
    (leaving,) = world.news("CoordinatorNodeLeaving")
    assert leaving.endswith(
        f"coordinator {coordinator} moves once no queries run; queries that still run when the node goes away fail"
    )
    (reclaimed,) = world.news("NodeReclaimed")
    assert reclaimed.endswith(f"; replacing: {coordinator}")


def test_a_rejected_spec_is_one_event_and_its_correction_another(world: World) -> None:
    world.set_spec(workers={"replicas": -1})
    for _ in range(3):
        world.reconcile()
    progressing = world.condition("Progressing")
    assert (progressing["status"], progressing["reason"]) == ("False", "SpecRejected")
    world.set_spec(workers={"replicas": 2})
    for _ in range(3):
        world.reconcile()
    ((type_, reason, message), accepted) = _events(world)
    assert (type_, reason) == ("Warning", "SpecRejected")
    assert message.startswith("spec.workers.replicas: ")
    assert message.endswith(". The running cluster stays as it is.")
    assert accepted == ("Normal", "SpecAccepted", "the spec is valid; applying it")


def test_a_restart_of_the_operator_has_no_events(world: World) -> None:
    world.restart()
    _sync(world)
    for _ in range(3):
        world.reconcile()
    assert _events(world) == []

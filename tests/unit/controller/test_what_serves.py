"""While another generation is pending or the spec is invalid, the generation that serves is healed and scaled."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from presto_operator.kube import ApiError
from presto_operator.objects import KubernetesObject
from tests.unit.controller.world import World
from tests.unit.live import generation, pool, role
from tests.unit.manifest import manifest

_WORKERS = {"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}]}
_BROKEN = {"jvm": {"extraArgs": ["-XX:+UseG2GC1"]}}
_SECRET = "s3cr3t-value"
_CATALOGS = {
    "tpch": {"properties": {"connector.name": "tpch"}},
    "db": {
        "properties": {"connector.name": "postgresql"},
        "secretProperties": {"connection-password": {"name": "db", "key": "password"}},
    },
}


@pytest.fixture
def world() -> World:
    """A cluster that serves, whose spec asks for a coordinator that doesn't start."""
    found = World(manifest(workers=_WORKERS, catalogs=_CATALOGS))
    value = base64.b64encode(_SECRET.encode()).decode()
    metadata = {"name": "db", "namespace": "analytics"}
    found.api.write({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": value}})
    found.settle()
    assert found.status["phase"] == "Running"
    return found


def _pending(world: World) -> str:
    """Let the spec ask for a generation that doesn't start; returns the one that serves."""
    serving: str = world.status["coordinator"]["generation"]
    world.set_spec(coordinator=_BROKEN)
    for _ in range(3):
        world.reconcile()
    assert world.status["coordinator"]["generation"] == serving
    return serving


def _invalid(world: World) -> str:
    serving: str = world.status["coordinator"]["generation"]
    world.set_spec(coordinator={"config": {"http-server.http.port": "9999"}})
    world.reconcile()
    assert world.condition("Valid")["status"] == "False"
    return serving


_SITUATIONS = pytest.mark.parametrize("situation", [_pending, _invalid], ids=["pending", "invalid"])


def _of_serving(world: World, serving: str) -> list[tuple[str, str]]:
    """The objects that the serving generation consists of, records apart."""
    own = [
        obj for obj in world.children().values() if generation(obj) == serving and obj["kind"] != "ControllerRevision"
    ]
    pods = [obj for obj in own if obj["kind"] == "Pod"]
    files = {
        (kind, source[field]["name"])
        for pod in pods
        for volume in pod["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret"))
        if field in source
    }
    shared = [("Service", "adhoc"), ("Service", "adhoc-workers"), ("ServiceAccount", "adhoc-presto")]
    budgets = [("PodDisruptionBudget", "adhoc-coordinator"), ("PodDisruptionBudget", "adhoc-worker")]
    objects = [(obj["kind"], obj["metadata"]["name"]) for obj in own if obj["kind"] not in ("Pod", "Secret")]
    return [*objects, *sorted(files), *shared, *budgets]


def _content(world: World, kind: str, name: str) -> KubernetesObject:
    obj = world.api.find(kind, name)
    return {"spec": obj.get("spec"), "data": obj.get("data"), "labels": obj["metadata"]["labels"]}


@_SITUATIONS
def test_whatever_somebody_deletes_of_it_is_created_again(world: World, situation: Any) -> None:
    serving = situation(world)
    names = _of_serving(world, serving)
    assert len([name for kind, name in names if kind == "Deployment"]) == 3
    assert len([name for kind, name in names if kind == "Secret"]) == 1
    for kind, name in names:
        before = _content(world, kind, name)
        world.delete(kind, name)
        world.reconcile()
        assert _content(world, kind, name) == before, (kind, name)
        assert any(f'{kind} "{name}"' in message for message in world.news("Corrected")), (kind, name)
        assert world.status["coordinator"]["generation"] == serving


@_SITUATIONS
def test_an_edited_template_is_put_right(world: World, situation: Any) -> None:
    serving = situation(world)
    for kind, name in _of_serving(world, serving):
        if kind != "Deployment":
            continue
        before = _content(world, kind, name)

        def spoil(obj: KubernetesObject) -> None:
            obj["spec"]["template"]["spec"]["serviceAccountName"] = "other"
            obj["metadata"]["labels"]["prestooperator.io/role"] = "none"

        world.edit(kind, name, spoil)
        world.reconcile()
        world.reconcile()
        assert _content(world, kind, name) == before


@_SITUATIONS
def test_an_unchanged_world_costs_no_write(world: World, situation: Any) -> None:
    situation(world)
    world.roll_out()
    for _ in range(3):
        world.reconcile()
    world.reconcile()
    assert world.api.requests == []


def test_it_is_healed_after_a_restart_of_the_operator(world: World) -> None:
    serving = _pending(world)
    names = [name for kind, name in _of_serving(world, serving) if kind == "Deployment"]
    world.restart()
    for name in names:
        world.api.objects.pop(("Deployment", "analytics", name))
    world.reconcile()
    assert set(names) <= world.api.names("Deployment")


def test_it_is_scaled_and_pools_that_are_gone_stay_as_they_are(world: World) -> None:
    serving = _pending(world)
    world.set_spec(workers={"replicas": 9, "pools": [{"name": "r5"}, {"name": "r7"}]})
    world.reconcile()
    world.reconcile()
    deployments = [
        obj for obj in world.children().values() if obj["kind"] == "Deployment" and generation(obj) == serving
    ]
    assert {pool(obj): obj["spec"]["replicas"] for obj in deployments if pool(obj)} == {"r5": 7, "r6": 2}


def test_somebody_who_scales_its_workers_to_zero_is_overruled(world: World) -> None:
    serving = _pending(world)
    for name in [name for kind, name in _of_serving(world, serving) if kind == "Deployment"]:
        world.edit("Deployment", name, lambda obj: obj["spec"].update(replicas=0))
    world.reconcile()
    deployments = [
        obj for obj in world.children().values() if obj["kind"] == "Deployment" and generation(obj) == serving
    ]
    assert sorted((role(obj), obj["spec"]["replicas"]) for obj in deployments) == [
        ("coordinator", 1),
        ("worker", 2),
        ("worker", 2),
    ]


def test_records_hold_no_secret_value(world: World) -> None:
    records = [obj for obj in world.children().values() if obj["kind"] == "ControllerRevision"]
    assert len(records) == 1
    encoded = base64.b64encode(_SECRET.encode()).decode().rstrip("=")
    text = json.dumps(records)
    assert _SECRET not in text
    assert encoded not in text


def test_a_record_goes_with_its_generation(world: World) -> None:
    serving = world.status["coordinator"]["generation"]
    world.set_spec(version="0.288")
    world.settle()
    assert world.status["coordinator"]["generation"] != serving
    left = {generation(obj) for obj in world.children().values() if "record" in str(obj["metadata"].get("annotations"))}
    assert left == {world.status["coordinator"]["generation"]}


def test_changed_workers_replace_the_record_of_their_generation(world: World) -> None:
    world.set_spec(workers={**_WORKERS, "jvm": {"extraArgs": ["-Da=b"]}})
    for _ in range(20):
        world.reconcile()
        world.roll_out()
    assert len(world.api.names("ControllerRevision")) == 1
    serving = _pending(world)
    (first, *_) = [name for kind, name in _of_serving(world, serving) if kind == "Deployment" and "r5" in name]
    world.delete("Deployment", first)
    world.reconcile()
    assert first in world.api.names("Deployment")


def test_a_refused_record_holds_nothing_up(world: World) -> None:
    before = world.status["coordinator"]["generation"]
    world.api.refused_kinds["ControllerRevision"] = ApiError(403, "exceeded quota")
    world.set_spec(version="0.288")
    for _ in range(6):
        with pytest.raises(ApiError, match="exceeded quota"):
            world.reconcile()
        world.roll_out()
    assert world.status["coordinator"]["generation"] != before
    generations = {generation(obj) for obj in world.children().values() if obj["kind"] == "Deployment"}
    assert generations == {world.status["coordinator"]["generation"]}


def test_a_generation_that_never_served_goes_as_soon_as_the_spec_changes() -> None:
    world = World(manifest(workers=_WORKERS, coordinator=_BROKEN))
    world.reconcile()
    world.reconcile()
    broken = world.status["coordinator"]["generation"]
    assert world.status["coordinator"]["hasServed"] is False
    world.set_spec(coordinator={})
    world.reconcile()
    assert {generation(obj) for obj in world.children().values() if obj["kind"] == "Deployment"} == {
        world.status["coordinator"]["generation"]
    }
    assert world.status["coordinator"]["generation"] != broken


def test_a_generation_that_has_served_stays_although_its_coordinator_is_not_ready(world: World) -> None:
    serving = world.status["coordinator"]["generation"]
    (coordinator,) = [name for name in world.api.names("Pod") if role(world.api.find("Pod", name)) == "coordinator"]
    world.edit("Pod", coordinator, lambda pod: pod["status"].update(conditions=[{"type": "Ready", "status": "False"}]))
    world.reconcile()
    world.set_spec(version="0.288")
    world.reconcile()
    world.reconcile()
    assert serving in {generation(obj) for obj in world.children().values() if obj["kind"] == "Deployment"}

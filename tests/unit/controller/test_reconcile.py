from __future__ import annotations

import asyncio
from typing import Any

import pytest

from presto_operator.api import STRICT
from presto_operator.kube import PRESTO_CLUSTER, ApiError, ClusterKey
from presto_operator.presto.load import QUERY_STATES_PATH
from tests.unit.controller.world import KEY, RECONCILE_SECONDS, World
from tests.unit.live import generation
from tests.unit.manifest import manifest

_WORKERS = {"replicas": 2, "pools": [{"name": "r5"}, {"name": "r6"}]}


@pytest.fixture
def world() -> World:
    """A world with a new cluster."""
    return World(manifest(workers=_WORKERS))


@pytest.fixture
def settled() -> World:
    """A world in which a cluster has come up."""
    prepared = World(manifest(workers=_WORKERS))
    prepared.settle()
    assert prepared.status["phase"] == "Running"
    return prepared


def _serving(world: World) -> str:
    found: str = world.api.find("Service", "adhoc")["spec"]["selector"]["prestooperator.io/generation"]
    return found


def _generations(world: World) -> set[str]:
    return {generation(obj) for obj in world.api.objects.values() if obj["kind"] == "Deployment"}


def _replicas(value: int) -> dict[str, Any]:
    return {"workers": {**_WORKERS, "replicas": value}}


def test_a_new_cluster_gets_its_children_in_one_pass(world: World) -> None:
    assert world.reconcile() == RECONCILE_SECONDS
    kinds = sorted(kind for kind, _, _ in world.children())
    assert kinds.count("Deployment") == 3
    assert set(kinds) == {
        "ConfigMap",
        "ControllerRevision",
        "Deployment",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    }
    assert world.status["phase"] == "Pending"
    assert world.condition("Progressing")["status"] == "True"
    assert world.api.events == []


def test_a_cluster_that_has_come_up_says_so(settled: World) -> None:
    assert {item["type"]: item["status"] for item in settled.status["conditions"]} == {
        "Valid": "True",
        "Ready": "True",
        "Progressing": "False",
        "Degraded": "False",
        "Draining": "False",
    }
    assert settled.status["workers"]["summary"] == "2/2"
    assert settled.status["queries"] == {
        "running": 1,
        "queued": 0,
        "blocked": 0,
        "waiting": 0,
        "heldBack": 0,
    }
    assert [event["type"] for event in settled.api.events] == ["Normal"] * len(settled.api.events)
    assert [event["reason"] for event in settled.api.events] == ["Ready"]
    assert settled.news("Corrected") == []


def test_a_pass_over_an_unchanged_world_writes_nothing(settled: World) -> None:
    before = settled.api.objects.copy()
    assert settled.reconcile() == RECONCILE_SECONDS
    assert settled.api.requests == []
    assert settled.api.objects == before


def test_a_restart_changes_no_object(settled: World) -> None:
    before = settled.api.objects.copy()
    settled.restart()
    settled.reconcile()
    assert settled.api.objects == before
    assert {verb for verb, _, _ in settled.api.requests} == {"apply"}


def test_the_spec_is_never_written(settled: World) -> None:
    settled.set_spec(version="0.288")
    settled.settle()
    assert settled.api.find(PRESTO_CLUSTER, "adhoc")["spec"] == {"version": "0.288", "workers": _WORKERS}


def test_an_invalid_spec_leaves_what_runs_and_says_where(settled: World) -> None:
    before = settled.children()
    settled.set_spec(version="0.288", **_replicas(-1))
    assert settled.reconcile() == RECONCILE_SECONDS
    assert settled.children() == before
    condition = settled.condition("Valid")
    assert (condition["status"], condition["reason"]) == ("False", "SpecRejected")
    assert "spec.workers.replicas: " in condition["message"]
    assert settled.status["phase"] == "Invalid"
    assert settled.condition("Ready")["status"] == "True"
    (message,) = settled.news("SpecRejected")
    assert "spec.workers.replicas" in message


def test_an_invalid_new_cluster_gets_no_children() -> None:
    world = World(manifest(version="latest"))
    world.reconcile()
    assert world.children() == {}
    assert world.condition("Valid")["status"] == "False"


def test_a_spec_that_was_put_right_is_carried_out(settled: World) -> None:
    settled.set_spec(**_replicas(-1))
    settled.reconcile()
    settled.set_spec(**_replicas(4))
    settled.settle()
    assert settled.condition("Valid")["status"] == "True"
    assert settled.status["workers"]["summary"] == "4/4"


def test_a_deleted_cluster_is_left_to_kubernetes(settled: World) -> None:
    before = settled.children()
    settled.edit(PRESTO_CLUSTER, "adhoc", lambda obj: obj["metadata"].update(deletionTimestamp="2026-01-01T00:00:00Z"))
    settled.delete("Service", "adhoc")
    assert settled.reconcile() is None
    assert settled.api.requests == []
    del before["Service", "analytics", "adhoc"]
    assert settled.children() == before


def test_a_cluster_that_is_gone_is_nothing_to_do(settled: World) -> None:
    settled.delete("PrestoCluster", "adhoc")
    assert settled.reconcile() is None
    assert settled.api.requests == []
    assert asyncio.run(settled.reconciler.reconcile(ClusterKey("nowhere", "never"))) is None


def test_an_edited_child_is_put_right_and_told_of_once(settled: World) -> None:
    name = next(iter(sorted(settled.api.names("Deployment"))))
    wanted = settled.api.find("Deployment", name)["spec"]["replicas"]
    settled.edit("Deployment", name, lambda obj: obj["spec"].update(replicas=wanted + 7))
    settled.reconcile()
    assert settled.api.find("Deployment", name)["spec"]["replicas"] == wanted
    settled.roll_out()
    settled.reconcile()
    settled.reconcile()
    (message,) = settled.news("Corrected")
    assert f'Deployment "{name}"' in message


def test_a_deleted_child_comes_back(settled: World) -> None:
    settled.delete("Service", "adhoc-workers")
    settled.reconcile()
    assert "adhoc-workers" in settled.api.names("Service")
    assert len(settled.news("Corrected")) == 1


def test_the_users_own_change_is_no_correction(settled: World) -> None:
    settled.set_spec(**_replicas(6))
    settled.settle()
    assert settled.status["workers"]["summary"] == "6/6"
    assert settled.news("Corrected") == []


def test_what_could_not_be_applied_is_no_correction_later(world: World) -> None:
    for kind, name in [("Service", "adhoc"), ("Service", "adhoc-workers"), ("ServiceAccount", "adhoc-presto")]:
        world.api.refused[kind, name] = ApiError(403, "no")
    with pytest.raises(ApiError):
        world.reconcile()
    world.roll_out()
    with pytest.raises(ApiError):
        world.reconcile()
    world.api.refused.clear()
    world.settle()
    assert world.status["phase"] == "Running"
    assert world.news("Corrected") == []


def test_a_refused_child_is_told_of_and_does_not_keep_back_the_others(world: World) -> None:
    world.api.refused["Service", "adhoc-workers"] = ApiError(403, "exceeded quota")
    with pytest.raises(ApiError, match='Service "adhoc-workers": exceeded quota'):
        world.reconcile()
    assert len(world.api.names("Deployment")) == 3
    condition = world.condition("Degraded")
    assert (condition["status"], condition["reason"]) == ("True", "ApplyFailed")
    assert 'Service "adhoc-workers": exceeded quota (HTTP 403)' in condition["message"]
    assert len(world.news("ApplyFailed")) == 1
    with pytest.raises(ApiError):
        world.reconcile()
    assert len(world.news("ApplyFailed")) == 1
    world.api.refused.clear()
    world.settle()
    assert world.condition("Degraded")["status"] == "False"


def test_an_object_of_somebody_else_is_named_and_left_alone(world: World) -> None:
    foreign = world.api.write(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "adhoc", "namespace": "analytics"},
            "spec": {"selector": {"app": "web"}},
        }
    )
    with pytest.raises(ApiError, match='Service "adhoc" exists and does not belong'):
        world.reconcile()
    assert world.api.find("Service", "adhoc") == foreign
    assert world.condition("Degraded")["reason"] == "ApplyFailed"


def test_clients_are_led_on_only_when_that_can_be_recorded(settled: World) -> None:
    old = _serving(settled)
    settled.set_spec(version="0.288")
    settled.reconcile()
    settled.roll_out()
    settled.api.refused["Service", "adhoc"] = ApiError(500, "later")
    for _ in range(3):
        with pytest.raises(ApiError):
            settled.reconcile()
    assert _serving(settled) == old
    assert old in _generations(settled)


def test_nothing_is_removed_while_what_serves_could_not_be_applied(settled: World) -> None:
    old = _serving(settled)
    settled.set_spec(version="0.288")
    settled.reconcile()
    settled.roll_out()
    settled.reconcile()
    assert _serving(settled) != old
    discovery = f"adhoc-coordinator-{_serving(settled)}"
    settled.edit("Service", discovery, lambda obj: obj["spec"].update(clusterIP="10.0.0.1"))
    settled.api.refused["Service", discovery] = ApiError(500, "later")
    with pytest.raises(ApiError):
        settled.reconcile()
    assert old in _generations(settled)
    settled.api.refused.clear()
    settled.reconcile()
    assert old not in _generations(settled)


def test_what_is_of_no_use_is_removed_though_an_unrelated_object_is_refused(settled: World) -> None:
    settled.edit("Service", "adhoc-workers", lambda obj: obj["spec"].update(clusterIP="10.0.0.1"))
    settled.api.refused["Service", "adhoc-workers"] = ApiError(403, "exceeded quota")
    for version in ("0.288", "0.289", "0.290"):
        settled.set_spec(version=version)
        for _ in range(4):
            with pytest.raises(ApiError):
                settled.reconcile()
            settled.roll_out()
        assert _generations(settled) == {_serving(settled)}, "one generation, however many changes there were"
    assert "exceeded quota" in settled.condition("Degraded")["message"]


def test_a_new_version_is_brought_up_beside_the_old_then_serves_then_the_old_goes(settled: World) -> None:
    old = _serving(settled)
    settled.set_spec(version="0.288")
    settled.reconcile()
    (new,) = _generations(settled) - {old}
    assert _serving(settled) == old
    assert settled.status["phase"] == "Updating"
    assert settled.status["coordinator"]["generation"] == old
    settled.roll_out()
    settled.reconcile()
    assert _serving(settled) == new
    assert _generations(settled) == {old, new}
    settled.reconcile()
    assert _generations(settled) == {new}
    settled.settle()
    assert settled.status["phase"] == "Running"
    assert settled.status["coordinator"]["generation"] == new
    assert settled.news("Corrected") == []


def test_a_new_version_that_never_starts_can_be_taken_back(settled: World) -> None:
    old = _serving(settled)
    before = settled.api.find("Deployment", f"adhoc-coordinator-{old}")
    settled.set_spec(version="0.288")
    for _ in range(3):
        settled.reconcile()
    assert len(_generations(settled)) == 2
    settled.set_spec(version="0.287")
    settled.reconcile()
    assert _generations(settled) == {old}
    assert settled.api.find("Deployment", f"adhoc-coordinator-{old}") == before


def test_an_unreachable_coordinator_withdraws_its_numbers_and_changes_nothing_else(settled: World) -> None:
    before = settled.children()
    settled.api.presto_answer = ApiError(503, "no endpoints")
    for _ in range(4):
        assert settled.reconcile() == RECONCILE_SECONDS
    assert "queries" not in settled.status
    assert "active" not in settled.status["workers"]
    assert settled.condition("Ready")["status"] == "True"
    assert settled.children() == before


def test_a_coordinator_that_is_not_ready_is_not_asked(world: World) -> None:
    world.reconcile()
    assert world.api.asked == []
    world.roll_out()
    world.reconcile()
    # Once for the first poll and once for the pass that its end asks for: the poller of this world polls for each pass.
    assert world.api.asked == 2 * ["analytics/adhoc:8080/v1/cluster", f"analytics/adhoc:8080{QUERY_STATES_PATH}"]


def test_numbers_that_move_are_written_seldom(settled: World) -> None:
    writes = 0
    for number in range(12):
        settled.api.presto_answer = {
            "runningQueries": number,
            "blockedQueries": 0,
            "queuedQueries": 0,
            "activeWorkers": 2,
        }
        settled.reconcile()
        writes += len(settled.api.requests)
    # Two minutes, a poll each ten seconds, a write each thirty.
    assert writes == 4


def test_a_status_that_could_not_be_written_is_written_later(settled: World) -> None:
    settled.api.refused["PrestoCluster", "adhoc"] = ApiError(409, "conflict")
    settled.set_spec(**_replicas(-1))
    with pytest.raises(ApiError, match="conflict"):
        settled.reconcile()
    assert settled.news("SpecRejected") == []
    settled.api.refused.clear()
    settled.reconcile()
    assert settled.condition("Valid")["status"] == "False"
    assert len(settled.news("SpecRejected")) == 1


def test_an_event_that_could_not_be_written_is_no_error(settled: World, caplog: pytest.LogCaptureFixture) -> None:
    settled.api.refused_kinds["Event"] = ApiError(403, "no Events here")
    settled.set_spec(**_replicas(-1))
    assert settled.reconcile() == RECONCILE_SECONDS
    assert "analytics/adhoc: Event SpecRejected could not be written: no Events here" in caplog.text


def test_children_of_a_namesake_that_was_deleted_are_not_taken_for_its_own(settled: World) -> None:
    settled.edit(PRESTO_CLUSTER, "adhoc", lambda obj: obj["metadata"].update(uid="born-again"))
    with pytest.raises(ApiError, match="does not belong"):
        settled.reconcile()
    assert settled.status["coordinator"]["ready"] is False
    assert KEY in settled.store.clusters()


def test_what_defeats_the_retry_of_queries_is_told() -> None:
    world = World(manifest(workers={"pools": [{"name": "r5", "capacityType": "Spot"}]}, queryRetry={"enabled": False}))
    world.reconcile()
    valid = world.condition("Valid")
    assert (valid["status"], valid["reason"]) == ("True", "SpecAccepted")
    assert "spec.queryRetry.enabled" in valid["message"]


def test_what_the_administrator_does_not_allow_changes_nothing_and_is_said() -> None:
    world = World(manifest(), policy=STRICT)
    world.settle()
    before = world.children()
    disk = {"name": "disk", "mountPath": "/disk", "source": {"hostPath": {"path": "/"}}}
    world.set_spec(workers={"volumes": [disk]})
    world.reconcile()
    valid = world.condition("Valid")
    assert valid["status"] == "False"
    assert "spec.workers.volumes[0].source.hostPath" in valid["message"]
    assert "--allow-host-paths" in valid["message"]
    assert world.children() == before


def test_network_policies_go_when_they_are_switched_off(settled: World) -> None:
    assert settled.api.names("NetworkPolicy") == {"adhoc-coordinator", "adhoc-worker"}
    before = {key for key in settled.children() if key[0] == "Deployment"}
    settled.set_spec(networkPolicy={"enabled": False})
    settled.reconcile()
    assert settled.api.names("NetworkPolicy") == set()
    assert {key for key in settled.children() if key[0] == "Deployment"} == before


def test_passwords_without_a_network_policy_are_warned_about(world: World) -> None:
    https = {"http-server.authentication.type": "PASSWORD", "http-server.https.enabled": "true"}
    world.set_spec(coordinator={"config": https}, networkPolicy={"enabled": False})
    world.reconcile()
    valid = world.condition("Valid")
    assert valid["status"] == "True"
    assert "spec.networkPolicy.enabled: users have to log in" in valid["message"]

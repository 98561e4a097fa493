"""Passes over a cluster whose spec has changed: what is replaced when, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from presto_operator.kube import ApiError
from presto_operator.objects import KubernetesObject
from tests.unit.controller.world import HANDOVER_SECONDS, RECONCILE_SECONDS, World
from tests.unit.live import generation, role
from tests.unit.manifest import manifest

_WORKERS = {"replicas": 20, "pools": [{"name": "r5"}, {"name": "r6"}]}
_CHANGED = {"workers": {**_WORKERS, "jvm": {"extraArgs": ["-Da=b"]}}}
_MISSPELT = {"workers": {**_WORKERS, "jvm": {"extraArgs": ["-XX:+UseG2GC"]}}}


@pytest.fixture
def settled() -> World:
    """A world in which a cluster of twenty workers has come up."""
    world = World(manifest(workers=_WORKERS))
    world.settle()
    assert world.status["phase"] == "Running"
    return world


@pytest.fixture
def waiting(settled: World) -> World:
    """A world in which a new generation is complete, and a query runs on the old one."""
    settled.api.queries = lambda: [_query("q1")]
    settled.set_spec(version="0.288")
    settled.reconcile()
    settled.roll_out()
    assert settled.reconcile() == HANDOVER_SECONDS
    return settled


# --- workers


def test_changed_workers_replace_the_old_ones_a_few_at_a_time(settled: World) -> None:
    before = {pod["metadata"]["uid"] for pod in _workers(settled)}
    settled.set_spec(**_CHANGED)
    passes = 0
    settled.reconcile()
    while settled.condition("Progressing")["status"] == "True":
        passes += 1
        settled.roll_out(drains_last=True)
        # A tenth of twenty.
        assert len(_workers(settled)) <= 22
        assert len(_leaving(settled)) <= 2
        assert len(_workers(settled)) - len(_leaving(settled)) >= 20
        if passes % 3 == 0:
            for pod in _leaving(settled)[:1]:
                settled.delete("Pod", pod["metadata"]["name"])
        settled.reconcile()
        assert passes < 200
    assert not {pod["metadata"]["uid"] for pod in _workers(settled) if pod not in _leaving(settled)} & before
    assert settled.status["rollout"]["changes"] == ["Workers"]
    assert settled.status["rollout"]["updatedWorkers"] == settled.status["rollout"]["totalWorkers"] == 20
    assert settled.status["rollout"]["finishedAt"]
    assert settled.status["workers"]["desiredReplicas"] == 20
    assert settled.news("Corrected") == []


def test_the_progress_is_told(settled: World) -> None:
    settled.set_spec(**_CHANGED)
    settled.reconcile()
    settled.roll_out()
    settled.reconcile()
    message = settled.condition("Progressing")["message"]
    assert message.startswith("the workers' jvm.config changed: 2 of 20 workers updated; ")
    assert settled.status["rollout"]["message"] == message
    assert settled.status["rollout"]["updatedWorkers"] == 2
    assert "finishedAt" not in settled.status["rollout"]
    assert settled.status["workers"]["desiredReplicas"] == 20


def test_the_coordinator_is_left_alone(settled: World) -> None:
    (before,) = [obj for obj in _deployments(settled) if role(obj) == "coordinator"]
    settled.set_spec(**_CHANGED)
    for _ in range(30):
        settled.reconcile()
        settled.roll_out()
    assert settled.condition("Progressing")["status"] == "False"
    (after,) = [obj for obj in _deployments(settled) if role(obj) == "coordinator"]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"] == before["spec"]
    assert [verb for verb, _, _ in settled.api.requests] == []
    assert "analytics/adhoc-coordinator" not in "".join(settled.api.asked)


def test_workers_that_crash_leave_every_old_one_and_taking_it_back_restarts_none(settled: World) -> None:
    before = {pod["metadata"]["uid"] for pod in _workers(settled)}
    settled.set_spec(**_MISSPELT)
    settled.reconcile()
    _crash_new_workers(settled)
    for _ in range(5):
        settled.reconcile()
    assert before <= {pod["metadata"]["uid"] for pod in _workers(settled)}
    assert len(_workers(settled)) == 22
    degraded = settled.condition("Degraded")
    assert (degraded["status"], degraded["reason"]) == ("True", "PodsFailing")
    assert "Unrecognized VM option" in degraded["message"]
    message = settled.condition("Progressing")["message"]
    assert "0 of 20 workers updated, 2 new workers can't start, so the 20 old workers are kept" in message
    assert settled.condition("Ready")["status"] == "True"
    settled.set_spec(workers=_WORKERS)
    for _ in range(4):
        settled.reconcile()
        settled.roll_out()
    assert {pod["metadata"]["uid"] for pod in _workers(settled)} == before
    assert settled.condition("Degraded")["status"] == "False"
    assert settled.condition("Progressing")["status"] == "False"
    assert settled.status["rollout"]["finishedAt"]
    assert len([obj for obj in _deployments(settled) if role(obj) == "worker"]) == 2


def test_what_another_release_of_the_operator_makes_different_is_no_correction(
    settled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value, change in [
        ("workers._TERMINATION_SLACK_SECONDS", 31, "Workers"),
        ("pod._STARTUP_LIMIT_SECONDS", 700, "Generation"),
    ]:
        monkeypatch.setattr(f"presto_operator.desired.{name}", value)
        settled.restart()
        for _ in range(30):
            settled.reconcile()
            settled.roll_out()
        assert settled.condition("Progressing")["status"] == "False"
        assert settled.status["rollout"]["changes"] == [change]
        assert settled.news("Corrected") == []


def test_a_restarted_operator_goes_on_with_a_roll_out(settled: World) -> None:
    settled.set_spec(**_CHANGED)
    for _ in range(40):
        settled.reconcile()
        settled.roll_out()
        settled.restart()
        assert len(_workers(settled)) <= 22
    assert settled.condition("Progressing")["status"] == "False"


def test_an_old_revision_that_cannot_be_scaled_is_told_of_and_tried_again(settled: World) -> None:
    settled.set_spec(**_CHANGED)
    settled.reconcile()
    settled.roll_out()
    for obj in _deployments(settled):
        settled.api.refused["Deployment", obj["metadata"]["name"]] = ApiError(403, "not this one")
    with pytest.raises(ApiError, match="not this one"):
        settled.reconcile()
    assert settled.condition("Degraded")["reason"] == "ApplyFailed"
    settled.api.refused.clear()
    settled.reconcile()
    assert "scale" in {verb for verb, _, _ in settled.api.requests}


def test_a_worker_on_a_lost_node_holds_up_no_roll_out(settled: World) -> None:
    settled.set_spec(**_CHANGED)
    lost = _workers(settled)[0]["metadata"]["name"]
    settled.edit("Pod", lost, lambda pod: pod["metadata"].update(deletionTimestamp="2025-12-31T23:00:00Z"))
    settled.reconcile()
    assert sum(obj["spec"]["replicas"] for obj in _deployments(settled) if role(obj) == "worker") == 22
    assert settled.condition("Draining")["status"] == "False"


# --- generations


def test_a_new_generation_waits_for_a_quiet_moment(waiting: World) -> None:
    old = _serving(waiting)
    condition = waiting.condition("Progressing")
    assert condition["reason"] == "WaitingForQueries"
    assert f"takes over once no queries run on {old}, at " in condition["message"]
    assert "1 query is running" in condition["message"]
    assert f"analytics/adhoc-coordinator-{old}:8080/v1/query" in waiting.api.asked
    waiting.api.queries = lambda: [_query("q1", ended=waiting)]
    assert waiting.reconcile(after_seconds=4) == HANDOVER_SECONDS
    assert _serving(waiting) == old
    waiting.api.queries = list
    waiting.reconcile(after_seconds=1)
    new = _serving(waiting)
    assert new != old
    assert _generations(waiting) == {old, new}
    (message,) = waiting.news("GenerationChanged")
    assert f"switched clients from generation {old} to {new}; no queries were interrupted" == message
    assert waiting.condition("Progressing")["reason"] == "OldGenerationLingers"
    waiting.reconcile(after_seconds=1)
    assert _generations(waiting) == {old, new}
    waiting.reconcile(after_seconds=4)
    assert _generations(waiting) == {new}
    waiting.reconcile()
    assert waiting.condition("Progressing")["status"] == "False"
    assert waiting.status["rollout"]["queriesInterrupted"] == 0
    assert waiting.status["rollout"]["finishedAt"]
    assert len(waiting.news("RolloutFinished")) == 1
    assert {event["type"] for event in waiting.api.events} == {"Normal"}


def test_it_waits_no_longer_than_told_and_says_what_it_cost(waiting: World) -> None:
    old = _serving(waiting)
    for _ in range(59):
        waiting.reconcile()
    assert _serving(waiting) == old
    waiting.reconcile()
    assert _serving(waiting) != old
    assert waiting.status["rollout"]["queriesInterrupted"] == 1
    (event,) = [event for event in waiting.api.events if event["reason"] == "GenerationChanged"]
    assert event["type"] == "Warning"
    assert "1 query may have been interrupted: q1" in event["message"]
    assert "q1" in event["message"]
    for _ in range(11):
        waiting.reconcile()
    assert old in _generations(waiting)
    waiting.reconcile()
    assert old not in _generations(waiting)
    assert waiting.status["rollout"]["queriesInterrupted"] == 1


def test_a_restart_does_not_start_the_wait_anew(waiting: World) -> None:
    old = _serving(waiting)
    for _ in range(59):
        waiting.restart()
        waiting.reconcile()
    assert _serving(waiting) == old
    for _ in range(2):
        waiting.restart()
        waiting.reconcile()
    assert _serving(waiting) != old
    switched_at = waiting.status["rollout"]["switchedAt"]
    waiting.restart()
    waiting.reconcile()
    assert waiting.status["rollout"]["switchedAt"] == switched_at
    assert len(waiting.news("GenerationChanged")) == 1


def test_queries_that_came_while_clients_were_led_away_are_counted(waiting: World) -> None:
    old = _serving(waiting)
    # One that nobody had seen before clients were led away, and one more that came even later.
    waiting.api.queries = lambda: [] if _serving(waiting) == old else [_query("q2")]
    waiting.reconcile(after_seconds=1)
    assert _serving(waiting) != old
    assert waiting.status["rollout"]["queriesInterrupted"] == 1
    assert "q2" in waiting.news("GenerationChanged")[0]
    waiting.api.queries = lambda: [_query("q2", ended=waiting), _query("q3", ended=waiting)]
    waiting.reconcile(after_seconds=6)
    waiting.api.queries = list
    waiting.reconcile(after_seconds=6)
    assert old not in _generations(waiting)
    assert waiting.status["rollout"]["queriesInterrupted"] == 2
    assert "2 queries may have been interrupted" in waiting.news("RolloutFinished")[0]


def test_a_coordinator_that_cannot_be_asked_is_left_alone_until_the_wait_is_over(waiting: World) -> None:
    old = _serving(waiting)
    waiting.api.queries = lambda: ApiError(503, "no answer")
    for _ in range(59):
        assert waiting.reconcile() == HANDOVER_SECONDS
    assert _serving(waiting) == old
    assert "its coordinator does not report its queries now" in waiting.condition("Progressing")["message"]
    for _ in range(2):
        waiting.reconcile()
    assert _serving(waiting) != old
    assert "queriesInterrupted" not in waiting.status["rollout"]
    (event,) = [event for event in waiting.api.events if event["reason"] == "GenerationChanged"]
    assert event["type"] == "Warning"
    assert "number of interrupted queries unknown" in event["message"]


def test_a_coordinator_that_has_died_is_waited_for_by_nobody(waiting: World) -> None:
    old = _serving(waiting)
    for pod in waiting.api.names("Pod"):
        if pod.startswith(f"adhoc-coordinator-{old}"):
            waiting.edit("Pod", pod, lambda obj: obj["status"]["conditions"][0].update(status="False"))
    waiting.reconcile(after_seconds=1)
    assert _serving(waiting) != old
    assert "number of interrupted queries unknown" in waiting.news("GenerationChanged")[0]


def test_a_change_that_is_taken_back_while_it_waits_costs_nothing(waiting: World) -> None:
    old = _serving(waiting)
    waiting.set_spec(version="0.287")
    waiting.reconcile()
    assert _serving(waiting) == old
    assert _generations(waiting) == {old}
    assert waiting.status["rollout"]["message"].endswith("was removed before it served")
    assert waiting.news("GenerationChanged") == []


def test_while_it_waits_status_is_written_seldom(waiting: World) -> None:
    waiting.reconcile(after_seconds=1)
    writes = 0
    for number in range(60):
        queries = [_query(f"q{index}") for index in range(number + 1)]
        waiting.api.queries = queries.copy
        waiting.reconcile(after_seconds=1)
        writes += sum(1 for verb, _, _ in waiting.api.requests if verb == "status")
    assert writes == 2


def test_nobody_asks_for_queries_while_nothing_waits(settled: World) -> None:
    settled.set_spec(**_CHANGED)
    for _ in range(30):
        assert settled.reconcile() == RECONCILE_SECONDS
        settled.roll_out()
    assert not [path for path in settled.api.asked if path.endswith("/v1/query")]


def _query(query_id: str, *, ended: World | None = None) -> dict[str, Any]:
    """A query that runs, or one that has ended just now."""
    if ended is None:
        return {"queryId": query_id, "state": "RUNNING", "queryStats": {}}
    return {"queryId": query_id, "state": "FINISHED", "queryStats": {"endTime": ended.now.isoformat()}}


def _deployments(world: World) -> list[KubernetesObject]:
    return [obj for obj in world.api.objects.values() if obj["kind"] == "Deployment"]


def _workers(world: World) -> list[KubernetesObject]:
    return [obj for obj in world.api.objects.values() if obj["kind"] == "Pod" and role(obj) == "worker"]


def _leaving(world: World) -> list[KubernetesObject]:
    return [pod for pod in _workers(world) if "deletionTimestamp" in pod["metadata"]]


def _serving(world: World) -> str:
    found: str = world.api.find("Service", "adhoc")["spec"]["selector"]["prestooperator.io/generation"]
    return found


def _generations(world: World) -> set[str]:
    return {generation(obj) for obj in _deployments(world)}


def _crash_new_workers(world: World) -> None:
    """Let the workers that are new come up and crash."""
    before = world.api.names("Pod")
    deployments = {obj["metadata"]["name"]: obj.get("status", {}) for obj in _deployments(world)}
    world.roll_out()
    crash = {"exitCode": 1, "reason": "Error", "message": "Unrecognized VM option 'UseG2GC'"}
    for name in world.api.names("Pod") - before:
        world.edit(
            "Pod",
            name,
            lambda pod: pod["status"].update(
                conditions=[{"type": "Ready", "status": "False"}],
                containerStatuses=[{"ready": False, "state": {"terminated": crash}}],
            ),
        )
    for name, status in deployments.items():
        if not status:
            world.edit("Deployment", name, lambda obj: obj["status"].update(readyReplicas=0, availableReplicas=0))


# --- what serves, while somebody edits what leads to it


def _unlabelled(world: World) -> None:
    world.edit("Service", "adhoc", lambda obj: obj["metadata"]["labels"].pop("prestooperator.io/cluster"))
    world.store.remove(world.api.find("Service", "adhoc"))


def _deleted(world: World) -> None:
    world.delete("Service", "adhoc")


def _without_generation(world: World) -> None:
    world.edit("Service", "adhoc", lambda obj: obj["spec"]["selector"].pop("prestooperator.io/generation"))


@pytest.mark.parametrize("act", [_deleted, _unlabelled, _without_generation])
def test_what_serves_stays_and_its_service_is_put_right(settled: World, act: Callable[[World], None]) -> None:
    (old,) = {generation(obj) for obj in _deployments(settled)}
    before = {obj["metadata"]["uid"] for obj in _deployments(settled)}
    settled.set_spec(coordinator={"jvm": {"extraArgs": ["-XX:+UseG2GC"]}})
    settled.reconcile()
    act(settled)
    for _ in range(3):
        settled.reconcile()
    assert before <= {obj["metadata"]["uid"] for obj in _deployments(settled)}
    assert settled.api.find("Service", "adhoc")["spec"]["selector"]["prestooperator.io/generation"] == old
    assert settled.condition("Ready")["status"] == "True"


def test_the_service_account_of_what_serves_stays_until_nothing_names_it(settled: World) -> None:
    settled.set_spec(serviceAccount={"name": "other"})
    settled.reconcile()
    assert "adhoc-presto" in settled.api.names("ServiceAccount")
    settled.settle()
    settled.reconcile()
    assert "adhoc-presto" not in settled.api.names("ServiceAccount")


def test_https_of_what_serves_stays_until_clients_are_switched(settled: World) -> None:
    def ports() -> set[int]:
        return {port["port"] for port in settled.api.find("Service", "adhoc")["spec"]["ports"]}

    https = {"http-server.https.enabled": "true", "http-server.https.port": "8443"}
    settled.set_spec(coordinator={"config": https})
    settled.reconcile()
    assert ports() == {8080}, "the generation that serves has no HTTPS yet"
    settled.settle()
    assert ports() == {8080, 8443}
    settled.set_spec(coordinator={"config": {}})
    settled.reconcile()
    assert ports() == {8080, 8443}, "the generation that serves still has HTTPS"
    settled.settle()
    assert ports() == {8080}


def test_what_serves_is_scaled_while_another_generation_never_starts(settled: World) -> None:
    def replicas(of: str) -> int:
        found = [obj for obj in _deployments(settled) if generation(obj) == of and role(obj) == "worker"]
        return sum(obj["spec"]["replicas"] for obj in found)

    (old,) = {generation(obj) for obj in _deployments(settled)}
    settled.set_spec(coordinator={"jvm": {"extraArgs": ["-XX:+UseG2GC"]}})
    settled.reconcile()
    settled.set_spec(workers={**_WORKERS, "replicas": 26})
    settled.reconcile()
    assert replicas(old) == 26
    settled.set_spec(workers={**_WORKERS, "replicas": 12})
    settled.reconcile()
    assert replicas(old) == 12
    assert settled.api.find("Service", "adhoc")["spec"]["selector"]["prestooperator.io/generation"] == old

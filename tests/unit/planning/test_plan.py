from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from presto_operator.objects import GENERATION_LABEL, ROLE_LABEL, KubernetesObject
from presto_operator.planning import Plan
from presto_operator.planning.observation import Observation
from presto_operator.planning.plan import Hold
from tests.unit.generations import generation_name
from tests.unit.live import deployment, generation, joined, observation, planned, pool, role
from tests.unit.manifest import cluster

NOTHING = Observation((), (), None)

_TWO_POOLS = {"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}]}
OLD = cluster(version="0.283", workers=_TWO_POOLS)
NEW = cluster(version="0.287", workers=_TWO_POOLS)

_CHANGED_WORKERS = {**_TWO_POOLS, "jvm": {"extraArgs": ["-Da=b"]}}
CHANGED = cluster(version="0.287", workers=_CHANGED_WORKERS)


def test_a_new_cluster_gets_everything_at_once() -> None:
    first = planned(NEW, NOTHING)
    assert first.wanted_generation == first.serving_generation == generation_name(NEW)
    assert first.remove == ()
    assert _served(first) == generation_name(NEW)
    assert {(pool(obj), obj["spec"]["replicas"]) for obj in _workers(first.apply)} == {("r5", 2), ("r6", 2)}
    kinds = [obj["kind"] for obj in first.apply]
    # What a pod mounts is there before the pod is.
    assert max(i for i, kind in enumerate(kinds) if kind == "ConfigMap") < kinds.index("Deployment")


def test_an_unchanged_cluster_is_planned_the_same() -> None:
    first = planned(NEW, NOTHING)
    assert not first.is_complete
    assert planned(NEW, observation(first.apply)) == replace(first, is_complete=True)
    assert planned(NEW, observation(first.apply, ready_workers=0, is_coordinator_ready=False)) == first


def test_a_new_generation_comes_up_beside_the_old() -> None:
    during = planned(NEW, _serving_old())
    assert (during.wanted_generation, during.serving_generation) == (generation_name(NEW), generation_name(OLD))
    assert _served(during) == generation_name(OLD)
    assert during.remove == ()
    assert {generation(obj) for obj in during.apply if obj["kind"] == "Deployment"} == {generation_name(NEW)}


@pytest.mark.parametrize(
    ("ready_workers", "is_coordinator_ready"), [(2, False), (1, True), (0, True)], ids=["coordinator", "one", "none"]
)
def test_clients_stay_until_the_new_generation_is_complete(ready_workers: int, *, is_coordinator_ready: bool) -> None:
    during = planned(NEW, _both(_new(ready_workers=ready_workers, is_coordinator_ready=is_coordinator_ready)))
    assert during.serving_generation == generation_name(OLD)
    assert during.remove == ()


def test_clients_stay_while_one_pool_lags_behind() -> None:
    new = _new()
    children = [
        deployment(obj, ready=1) if pool(obj) == "r6" and obj["kind"] == "Deployment" else obj for obj in new.children
    ]
    assert planned(NEW, _both(replace(new, children=tuple(children)))).serving_generation == generation_name(OLD)


def test_clients_stay_while_one_pool_is_not_there_at_all() -> None:
    # Its Deployment could not be applied: a quota, a webhook, a lost connection.
    new = _new()
    children = tuple(obj for obj in new.children if pool(obj) != "r6")
    assert planned(NEW, _both(replace(new, children=children))).serving_generation == generation_name(OLD)


def test_clients_stay_while_pods_of_an_older_template_are_counted() -> None:
    new = _new()
    for obj in _workers(new.children):
        obj["metadata"]["generation"] = 2
    assert planned(NEW, _both(new)).serving_generation == generation_name(OLD)


def test_clients_follow_when_the_new_generation_is_complete_and_the_old_stays_until_then() -> None:
    flip = planned(NEW, _both(_new()))
    assert _served(flip) == flip.serving_generation == generation_name(NEW)
    # The flip is not recorded yet: should it fail to be, the old generation still serves.
    assert flip.remove == ()


def test_the_old_generation_goes_once_the_flip_is_recorded() -> None:
    flip = planned(NEW, _both(_new()))
    after = joined(observation(flip.apply), _serving_old())
    last = planned(NEW, after)
    assert {generation(obj) for obj in last.remove} == {generation_name(OLD)}
    assert {obj["kind"] for obj in last.remove} == {"Deployment", "Service"}
    assert sorted(pool(obj) for obj in last.remove if role(obj) == "worker") == ["r5", "r6"]
    assert _served(last) == generation_name(NEW)


def test_taking_a_change_back_drops_the_new_generation() -> None:
    back = planned(OLD, _both(_new(ready_workers=0, is_coordinator_ready=False)))
    assert back.serving_generation == back.wanted_generation == generation_name(OLD)
    assert {generation(obj) for obj in back.remove} == {generation_name(NEW)}
    assert {obj["kind"] for obj in back.remove} == {"Deployment", "Service"}


def test_a_change_of_a_change_drops_the_one_that_never_served() -> None:
    third = cluster(version="0.288", workers=_TWO_POOLS)
    during = planned(third, _both(_new(ready_workers=0)))
    assert during.serving_generation == generation_name(OLD)
    assert {generation(obj) for obj in during.remove} == {generation_name(NEW)}


def test_clients_follow_at_once_when_what_served_is_gone() -> None:
    old = _serving_old()
    services = tuple(obj for obj in old.children if obj["kind"] != "Deployment")
    assert planned(NEW, replace(old, children=services)).serving_generation == generation_name(NEW)


def test_clients_stay_while_the_takeover_is_held_up() -> None:
    held = planned(NEW, _both(_new()), Hold(takeover=True, message="queries run"))
    assert held.is_complete
    assert _served(held) == held.serving_generation == generation_name(OLD)
    assert held.remove == ()


def test_a_generation_that_lingers_stays() -> None:
    flip = planned(NEW, _both(_new()))
    after = joined(observation(flip.apply), _serving_old())
    assert planned(NEW, after, Hold(lingering=generation_name(OLD))).remove == ()


def test_changed_workers_come_beside_the_old_ones() -> None:
    before = _new()
    changed = planned(CHANGED, before)
    assert changed.wanted_generation == changed.serving_generation == generation_name(NEW)
    # A tenth of four workers is one.
    assert sorted(obj["spec"]["replicas"] for obj in _workers(changed.apply)) == [0, 1]
    assert {obj["metadata"]["name"] for obj in _workers(changed.apply)}.isdisjoint(_names(before))
    assert changed.scale == ()
    assert changed.remove == ()


def test_an_old_worker_goes_when_a_new_one_has_taken_over() -> None:
    during = joined(observation(planned(CHANGED, _new()).apply), _new())
    (step,) = planned(CHANGED, during).scale
    assert step.replicas == 1
    assert step.deployment["metadata"]["name"] in _names(_new())


def test_no_old_worker_goes_while_another_leaves() -> None:
    during = joined(observation(planned(CHANGED, _new()).apply), _new())
    leaving = {
        "kind": "Pod",
        "metadata": {"name": "leaving", "labels": {ROLE_LABEL: "worker"}, "deletionTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {},
    }
    seen = replace(during, pods=(*during.pods, leaving))
    assert planned(CHANGED, seen).scale == ()
    two_at_once = cluster(version="0.287", workers={**_CHANGED_WORKERS, "rollout": {"maxSurge": 2}})
    assert len(planned(two_at_once, seen).scale) == 1


def test_a_pod_that_has_come_to_an_end_counts_for_nothing() -> None:
    # An eviction by the kubelet leaves it there for anyone to look at, until thousands of them are there.
    during = joined(observation(planned(CHANGED, _new()).apply), _new())
    evicted = [{**pod, "status": {"phase": "Failed"}} for pod in during.pods if role(pod) == "worker"]
    for number, pod in enumerate(evicted):
        pod["metadata"] = {**pod["metadata"], "name": f"evicted-{number}"}
    assert len(planned(CHANGED, replace(during, pods=(*during.pods, *evicted))).scale) == 1


def test_workers_that_crash_cost_no_old_one() -> None:
    new = observation(planned(CHANGED, _new()).apply, ready_workers=0)
    assert planned(CHANGED, joined(new, _new())).scale == ()


def test_taking_a_change_of_the_workers_back_lets_the_new_ones_go() -> None:
    during = joined(observation(planned(CHANGED, _new()).apply, ready_workers=0), _new())
    for pod in during.pods:
        if pod["metadata"]["name"] not in {pod["metadata"]["name"] for pod in _new().pods}:
            pod["status"]["containerStatuses"] = [{"state": {"terminated": {"exitCode": 1}}}]
    back = planned(NEW, during)
    assert [step.replicas for step in back.scale] == [0]
    assert {obj["spec"]["replicas"] for obj in _workers(back.apply)} == {2}
    # The pool in which the change had not begun yet.
    assert [obj["spec"]["replicas"] for obj in back.remove] == [0]


def test_a_revision_goes_when_its_last_worker_is_gone() -> None:
    finished = observation(planned(CHANGED, NOTHING).apply)
    old = [_without_replicas(obj) for obj in _workers(_new().children)]
    leaving = tuple(pod for pod in _new().pods if role(pod) == "worker")
    for pod in leaving:
        pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert planned(CHANGED, joined(finished, Observation(tuple(old), leaving, None))).remove == ()
    gone = planned(CHANGED, joined(finished, Observation(tuple(old), (), None)))
    assert gone.remove == tuple(old)


def test_in_a_generation_that_does_not_serve_workers_are_replaced_at_once() -> None:
    changed = planned(CHANGED, _both(_new(ready_workers=0)))
    assert changed.serving_generation == generation_name(OLD)
    assert {obj["spec"]["replicas"] for obj in _workers(changed.apply)} == {2}
    assert {obj["metadata"]["name"] for obj in changed.remove} == {
        obj["metadata"]["name"] for obj in _workers(_new().children)
    }


def test_a_lost_client_service_does_not_quicken_the_pace() -> None:
    before = _new()
    children = tuple(obj for obj in before.children if obj["metadata"]["name"] != "adhoc")
    assert sorted(
        obj["spec"]["replicas"] for obj in _workers(planned(CHANGED, replace(before, children=children)).apply)
    ) == [
        0,
        1,
    ]


def test_a_dropped_pool_goes_as_the_others_take_over() -> None:
    # Four workers on two pools: the pool that stays has two, and shall have four.
    one_pool = cluster(version="0.287", workers={"replicas": 4, "pools": [{"name": "r5"}]})
    first = planned(one_pool, _new())
    assert [(pool(obj), obj["spec"]["replicas"]) for obj in _workers(first.apply)] == [("r5", 3)]
    assert first.scale == ()
    assert first.remove == ()
    second = planned(one_pool, joined(observation(first.apply), _new()))
    assert [(pool(step.deployment), step.replicas) for step in second.scale] == [("r6", 1)]
    starting = planned(one_pool, joined(observation(first.apply, ready_workers=2), _new()))
    assert starting.scale == ()


def test_a_renamed_pool_stays_until_the_new_one_is_there() -> None:
    before = observation(planned(cluster(workers={"replicas": 2, "pools": [{"name": "r5"}]}), NOTHING).apply)
    renamed = planned(cluster(workers={"replicas": 2, "pools": [{"name": "r7"}]}), before)
    assert renamed.scale == ()
    assert renamed.remove == ()


def test_unused_config_maps_are_pruned_but_for_the_newest_five() -> None:
    unused = [_config_map(f"adhoc-worker-{number}", created=number) for number in range(8)]
    seen = joined(_new(), Observation(tuple(unused), (), None))
    assert {obj["metadata"]["name"] for obj in planned(NEW, seen).remove} == {
        "adhoc-worker-0",
        "adhoc-worker-1",
        "adhoc-worker-2",
    }


def test_a_pass_removes_a_bounded_number_of_config_maps_the_oldest_first() -> None:
    unused = [_config_map(f"adhoc-worker-{number}", created=number) for number in range(200)]
    removed = planned(NEW, joined(_new(), Observation(tuple(unused), (), None))).remove
    assert {obj["metadata"]["name"] for obj in removed} == {f"adhoc-worker-{number}" for number in range(50)}


def test_a_config_map_that_a_pod_mounts_is_kept() -> None:
    unused = [_config_map(f"adhoc-worker-{number}", created=number) for number in range(8)]
    pod: dict[str, Any] = {
        "kind": "Pod",
        "metadata": {"name": "draining", "labels": {}, "deletionTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"volumes": [{"projected": {"sources": [{"configMap": {"name": "adhoc-worker-0"}}]}}]},
    }
    seen = joined(_new(), Observation(tuple(unused), (pod,), None))
    assert {obj["metadata"]["name"] for obj in planned(NEW, seen).remove} == {"adhoc-worker-1", "adhoc-worker-2"}


def test_config_maps_of_the_generation_that_serves_are_kept() -> None:
    # The Deployments still mount them, though at this moment no pod does and they are the oldest.
    newer = [_config_map(f"adhoc-worker-{number}", created=number + 1) for number in range(8)]
    seen = joined(replace(_serving_old(), pods=()), Observation(tuple(newer), (), None))
    old_config_maps = {obj["metadata"]["name"] for obj in planned(OLD, NOTHING).apply if obj["kind"] == "ConfigMap"}
    removed = {obj["metadata"]["name"] for obj in planned(NEW, seen).remove}
    assert len(removed) == 3
    assert removed.isdisjoint(old_config_maps)


def test_workers_that_have_no_place_are_told_of() -> None:
    full = cluster(workers={"replicas": 5, "pools": [{"name": "r5", "maxReplicas": 2}]})
    assert planned(full, NOTHING).placement.unplaced == 3


def _serving_old() -> Observation:
    return observation(planned(OLD, NOTHING).apply)


def _new(*, ready_workers: int | None = None, is_coordinator_ready: bool = True) -> Observation:
    return observation(
        planned(NEW, NOTHING).apply, ready_workers=ready_workers, is_coordinator_ready=is_coordinator_ready
    )


def _both(new: Observation) -> Observation:
    """The old generation serves, and the new one has got this far."""
    return joined(_serving_old(), new)


def _served(planned: Plan) -> str:
    (service,) = [obj for obj in planned.apply if (obj["kind"], obj["metadata"]["name"]) == ("Service", "adhoc")]
    selected: str = service["spec"]["selector"][GENERATION_LABEL]
    return selected


def _workers(objects: tuple[KubernetesObject, ...]) -> list[KubernetesObject]:
    return [obj for obj in objects if obj["kind"] == "Deployment" and role(obj) == "worker"]


def _names(seen: Observation) -> set[str]:
    return {obj["metadata"]["name"] for obj in _workers(seen.children)}


def _without_replicas(obj: KubernetesObject) -> KubernetesObject:
    return deployment({**obj, "spec": {**obj["spec"], "replicas": 0}})


def _config_map(name: str, *, created: int) -> KubernetesObject:
    return {
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "creationTimestamp": f"2026-01-01T00:{created // 60:02}:{created % 60:02}Z",
            "labels": {},
        },
    }


@pytest.mark.parametrize("name", ["adhoc", "adhoc-workers", f"adhoc-coordinator-{generation_name(NEW)}"])
def test_a_service_that_was_made_an_alias_of_another_host_gets_its_type_back(name: str) -> None:
    seen = observation(planned(NEW, NOTHING).apply)
    (service,) = [obj for obj in seen.children if obj["kind"] == "Service" and obj["metadata"]["name"] == name]
    service["spec"] |= {"type": "ExternalName", "externalName": "evil.example.com"}
    types = {
        obj["metadata"]["name"]: obj["spec"].get("type") for obj in planned(NEW, seen).apply if obj["kind"] == "Service"
    }
    assert types.pop(name) == "ClusterIP"
    # Others may have been made a LoadBalancer, which stays.
    assert set(types.values()) == {None}

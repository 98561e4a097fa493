from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from presto_operator.desired import cluster_objects
from presto_operator.kube import ApiError, Applier, ApplyOutcome, ClusterKey, ForeignObjectError, ObjectStore
from presto_operator.kube.kind import SERVICE
from presto_operator.objects import KubernetesObject
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.manifest import cluster

KEY = ClusterKey("analytics", "adhoc")


class _Bench:
    """An applier between a store and an API server, with one Service to apply."""

    def __init__(self) -> None:
        self.api = FakeKubernetes()
        self.store = ObjectStore()
        self.applier = Applier(self.api, self.store)

    def apply(self, generation: str = "cafe0001") -> ApplyOutcome:
        return asyncio.run(self.applier.apply(KEY, service(generation)))

    def live(self) -> KubernetesObject:
        return self.api.find(SERVICE, "adhoc")

    def edit(self, change: Callable[[KubernetesObject], object]) -> None:
        """Let somebody else change the Service, and the watch tell of it."""
        self.store.put(self.api.edit(SERVICE, "adhoc", change))


def service(generation: str) -> KubernetesObject:
    """The clients' Service of a cluster."""
    (found,) = [obj for obj in cluster_objects(cluster(), generation, None) if obj["metadata"]["name"] == "adhoc"]
    return found


@pytest.fixture
def bench() -> _Bench:
    """A bench on which the Service has been applied once."""
    prepared = _Bench()
    assert prepared.apply() is ApplyOutcome.CREATED
    prepared.api.requests.clear()
    return prepared


def test_what_is_made_is_known_at_once(bench: _Bench) -> None:
    assert bench.store.get(KEY, SERVICE, "adhoc") == bench.live()


def test_a_change_is_of_just_the_object_that_is_known(bench: _Bench) -> None:
    known = bench.live()
    bench.api.write({**known, "metadata": {**known["metadata"], "uid": "of-another"}})
    with pytest.raises(ApiError, match="uid mismatch"):
        bench.apply("cafe0002")
    assert bench.live()["spec"]["selector"]["prestooperator.io/generation"] == "cafe0001"


def test_an_object_that_somebody_makes_in_between_is_not_taken_over() -> None:
    bench = _Bench()
    made = {"kind": "Service", "metadata": {"name": "adhoc", "namespace": "analytics"}, "spec": {}}
    bench.api.before_apply = lambda: bench.api.write(made)
    with pytest.raises(ApiError, match="modified"):
        bench.apply()
    assert "ownerReferences" not in bench.live()["metadata"]


def test_a_cluster_that_is_no_more_is_forgotten(bench: _Bench) -> None:
    bench.applier.forget(KEY)
    assert bench.apply() is ApplyOutcome.UNCHANGED


def test_a_quiet_world_costs_no_request(bench: _Bench) -> None:
    assert bench.apply() is ApplyOutcome.SKIPPED
    assert bench.api.requests == []


def test_a_changed_wish_is_applied(bench: _Bench) -> None:
    assert bench.apply("cafe0002") is ApplyOutcome.UPDATED
    assert bench.live()["spec"]["selector"]["prestooperator.io/generation"] == "cafe0002"
    assert bench.apply("cafe0002") is ApplyOutcome.SKIPPED


def test_an_edit_by_others_is_put_right(bench: _Bench) -> None:
    bench.edit(lambda obj: obj["spec"]["selector"].update({"prestooperator.io/generation": "beef"}))
    assert bench.apply() is ApplyOutcome.UPDATED
    assert bench.live()["spec"]["selector"]["prestooperator.io/generation"] == "cafe0001"
    assert bench.apply() is ApplyOutcome.SKIPPED


def test_a_field_of_others_stays_and_is_asked_about_once(bench: _Bench) -> None:
    bench.edit(lambda obj: obj["metadata"].update(annotations={"team": "data"}))
    assert bench.apply() is ApplyOutcome.UNCHANGED
    assert bench.apply() is ApplyOutcome.SKIPPED
    assert bench.live()["metadata"]["annotations"] == {"team": "data"}


def test_a_status_is_no_reason_to_ask(bench: _Bench) -> None:
    bench.edit(lambda obj: obj.update(status={"loadBalancer": {}}))
    bench.edit(lambda obj: obj["metadata"].update(managedFields=[{"manager": "kubelet"}]))
    assert bench.apply() is ApplyOutcome.SKIPPED
    assert bench.api.requests == []


def test_a_status_that_no_watch_has_told_of_yet_is_no_update(bench: _Bench) -> None:
    # As after a restart: the memory is empty, and the list is a moment old.
    bench.applier = Applier(bench.api, bench.store)
    bench.api.edit(SERVICE, "adhoc", lambda obj: obj.update(status={"loadBalancer": {}}))
    assert bench.apply() is ApplyOutcome.UNCHANGED


def test_a_restart_changes_nothing(bench: _Bench) -> None:
    before = bench.live()
    bench.applier = Applier(bench.api, bench.store)
    assert bench.apply() is ApplyOutcome.UNCHANGED
    assert bench.live() == before


def test_an_object_that_was_deleted_is_made_again(bench: _Bench) -> None:
    bench.store.remove(bench.api.objects.pop(("Service", "analytics", "adhoc")))
    assert bench.apply() is ApplyOutcome.CREATED
    assert "adhoc" in bench.api.names("Service")


def test_an_object_that_the_store_had_lost_is_found_again(bench: _Bench) -> None:
    bench.store.remove(bench.live())
    assert bench.apply() is not ApplyOutcome.CREATED
    assert bench.store.get(KEY, SERVICE, "adhoc") == bench.live()


@pytest.mark.parametrize("is_labelled", [True, False])
def test_an_object_of_somebody_else_is_left_alone(*, is_labelled: bool) -> None:
    bench = _Bench()
    foreign = service("cafe0001")
    foreign["metadata"]["ownerReferences"][0]["uid"] = "somebody-else"
    written = bench.api.write(foreign)
    if is_labelled:
        bench.store.put(written)
    with pytest.raises(ForeignObjectError, match='Service "adhoc" exists and does not belong to PrestoCluster "adhoc"'):
        bench.apply()
    assert bench.live() == written
    assert bench.api.requests == []


def test_a_refusal_is_tried_again(bench: _Bench) -> None:
    bench.api.refused["Service", "adhoc"] = ApiError(422, "no")
    with pytest.raises(ApiError, match=r"no \(HTTP 422\)"):
        bench.apply("cafe0002")
    bench.api.refused.clear()
    assert bench.apply("cafe0002") is ApplyOutcome.UPDATED


def test_what_is_deleted_is_forgotten(bench: _Bench) -> None:
    asyncio.run(bench.applier.delete(bench.live()))
    assert bench.api.names("Service") == set()
    assert bench.store.get(KEY, SERVICE, "adhoc") is None
    assert bench.apply() is ApplyOutcome.CREATED

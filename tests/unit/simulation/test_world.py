"""The simulated Kubernetes behaves as Kubernetes does where a course depends on it."""

from __future__ import annotations

import asyncio

from presto_operator.objects import CLUSTER_LABEL, MANAGED_BY_LABEL, MANAGER, KubernetesObject, is_ready, is_terminating
from tests.simulation.clock import Clock
from tests.simulation.watching import Watches
from tests.simulation.world import World
from tests.unit.fake_kubernetes import FakeKubernetes

_LABELS = {MANAGED_BY_LABEL: MANAGER, CLUSTER_LABEL: "adhoc"}


def _config_map() -> KubernetesObject:
    return {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "analytics", "labels": dict(_LABELS)}}


def test_what_is_no_longer_selected_is_told_as_deleted_as_it_was() -> None:
    api = FakeKubernetes()
    watches = Watches(api)
    api.keep(_config_map())
    api.edit("ConfigMap", "a", lambda obj: obj["metadata"].update(labels={}))
    (*_, (event_type, obj)) = watches.pending("ConfigMap")
    assert event_type == "DELETED"
    assert obj["metadata"]["labels"] == _LABELS


def test_only_the_object_of_that_uid_is_deleted() -> None:
    api = FakeKubernetes()
    former = api.write(_config_map())
    api.remove(former)
    present = api.write(_config_map())
    asyncio.run(api.delete(former))
    assert api.find("ConfigMap", "a")["metadata"]["uid"] == present["metadata"]["uid"]


def test_a_terminating_pod_says_until_when_it_may_run() -> None:
    clock = Clock()
    api = FakeKubernetes(clock)
    metadata = {"name": "a", "namespace": "analytics"}
    pod = api.keep({"kind": "Pod", "metadata": metadata, "spec": {"terminationGracePeriodSeconds": 90}})
    terminating = api.terminate(pod)
    assert is_terminating(terminating)
    assert terminating["metadata"]["deletionTimestamp"] == "2026-01-01T00:01:30Z"


def test_a_cluster_comes_up_with_all_of_its_pods() -> None:
    async def started() -> World:
        world = World()
        await world.start_operator()
        for _ in range(8):
            world.advance(15)
            await world.run_pass(world.front.faults)
        await world.stop_operator()
        return world

    world = asyncio.run(started())
    assert [is_ready(pod) for pod in world.objects("Pod")] == [True] * 4
    assert world.checks.unsettled(world.api.objects) == ""

"""For which clusters the watches ask for a pass, and what an operator does that may not watch nodes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from presto_operator.controller.scope import Scope
from presto_operator.controller.watches import NodeWatch, ObjectWatch
from presto_operator.kube import ApiError, ClusterKey, NodeStore, ObjectStore
from presto_operator.nodes import Sightings
from presto_operator.objects import KubernetesObject
from presto_operator.planning.reclaim import node_digest
from presto_operator.telemetry import metrics
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.live import owned_pod
from tests.unit.manifest import manifest
from tests.unit.nodes.nodes import NOW, node, taint

ADHOC = ClusterKey("analytics", "adhoc")
IDENTITY = {"kind": "Node", "metadata": {"name": "one", "uid": "one"}}
NODE = node() | IDENTITY
RECLAIMED = node(taint("aws-node-termination-handler/spot-itn")) | IDENTITY


def pod_of(cluster: str, *, on: str, namespace: str = "analytics") -> KubernetesObject:
    return {**owned_pod(f"{cluster}-worker", cluster, namespace=namespace), "spec": {"nodeName": on}}


class Watching:
    """The watches over an API server in memory, and the passes that they asked for since the last look."""

    def __init__(self, *namespaces: str, excluded: tuple[str, ...] = ()) -> None:
        self.api = FakeKubernetes()
        self.store = ObjectStore()
        self.nodes = NodeStore(lambda seen: node_digest(seen, NOW, (), Sightings()))
        self._requested: set[ClusterKey] = set()
        scope = Scope(namespaces, excluded)
        self.object_watch = ObjectWatch(self.api, self.store, self._requested.add, scope=scope)
        self.node_watch = NodeWatch(self.api, self.nodes, self.store, self._requested.add)

    @property
    def requested(self) -> set[ClusterKey]:
        found = set(self._requested)
        self._requested.clear()
        return found

    def see_node(self, seen: dict[str, Any], event_type: str = "MODIFIED") -> set[ClusterKey]:
        self.node_watch.see(event_type, self.api.write(seen))
        return self.requested


@pytest.fixture
def watching() -> Watching:
    """Watches that know two clusters, one of them with a pod on the node `one`, and that node."""
    watching = Watching()
    watching.store.put(pod_of("adhoc", on="one"))
    watching.store.put(pod_of("ml", on="two"))
    watching.api.write(NODE)
    assert asyncio.run(watching.node_watch.start())
    assert watching.nodes.is_synced
    assert watching.requested == {ADHOC}
    return watching


def test_a_signal_asks_for_passes_over_the_clusters_on_the_node_and_a_heartbeat_for_none(watching: Watching) -> None:
    assert watching.see_node(NODE) == set()
    assert watching.see_node(RECLAIMED) == {ADHOC}
    assert watching.see_node(RECLAIMED) == set()
    assert watching.see_node(RECLAIMED, "DELETED") == {ADHOC}


def test_a_list_makes_up_for_what_the_watch_of_nodes_missed(watching: Watching) -> None:
    watching.api.write(RECLAIMED)
    asyncio.run(watching.node_watch.list_again())
    assert watching.requested == {ADHOC}
    assert metrics.registry.get_sample_value("presto_operator_nodes_known") == 1


def test_an_operator_that_may_not_list_nodes_warns_once_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    watching = Watching()
    watching.api.refused_kinds["Node"] = ApiError(403, "nodes is forbidden")
    with caplog.at_level(logging.WARNING):
        assert not asyncio.run(watching.node_watch.start())
        asyncio.run(watching.node_watch.list_again())
    assert len([record for record in caplog.records if "nodes is forbidden" in record.message]) == 1
    assert not watching.nodes.is_synced
    assert metrics.registry.get_sample_value("presto_operator_nodes_known") == 0


def test_any_other_error_of_the_list_of_nodes_is_raised() -> None:
    watching = Watching()
    watching.api.refused_kinds["Node"] = ApiError(500, "busy")
    with pytest.raises(ApiError, match="busy"):
        asyncio.run(watching.node_watch.start())


def test_an_event_asks_for_a_pass_over_the_cluster_that_the_object_belongs_to() -> None:
    watching = Watching()
    watching.object_watch.see("ADDED", pod_of("adhoc", on="one"))
    assert watching.requested == {ADHOC}
    watching.object_watch.see("DELETED", pod_of("adhoc", on="one"))
    assert watching.requested == {ADHOC}
    watching.object_watch.see("ADDED", {"kind": "Pod", "metadata": {"namespace": "analytics", "name": "other"}})
    assert watching.requested == set()


def test_the_first_list_finds_every_cluster_and_a_later_one_what_changed() -> None:
    watching = Watching()
    for name in ("adhoc", "ml"):
        watching.api.write(manifest(name=name))
    assert not watching.object_watch.is_synced
    asyncio.run(watching.object_watch.list_all())
    assert watching.object_watch.is_synced
    assert watching.requested == {ADHOC, ClusterKey("analytics", "ml")}
    watching.api.write(pod_of("adhoc", on="one"))
    asyncio.run(watching.object_watch.list_all())
    assert watching.requested == {ADHOC}


def test_only_the_given_namespaces_are_listed() -> None:
    watching = Watching("analytics", "science")
    for namespace in ("analytics", "science", "elsewhere"):
        watching.api.write(manifest(namespace=namespace))
    asyncio.run(watching.object_watch.list_all())
    assert watching.requested == {ADHOC, ClusterKey("science", "adhoc")}


def test_excluded_namespaces_are_ignored() -> None:
    watching = Watching(excluded=("science", "try-*"))
    for namespace in ("analytics", "science", "try-next", "try"):
        watching.api.write(manifest(namespace=namespace))
    asyncio.run(watching.object_watch.list_all())
    assert watching.requested == {ADHOC, ClusterKey("try", "adhoc")}
    watching.object_watch.see("ADDED", pod_of("adhoc", on="one", namespace="try-next"))
    watching.object_watch.see("ADDED", pod_of("adhoc", on="one", namespace="analytics"))
    assert watching.requested == {ADHOC}


def test_half_a_list_is_not_enough_to_decide() -> None:
    watching = Watching()
    watching.api.refused_kinds["Pod"] = ApiError(503, "unavailable")
    with pytest.raises(ApiError, match="unavailable"):
        asyncio.run(watching.object_watch.list_all())
    assert not watching.object_watch.is_synced

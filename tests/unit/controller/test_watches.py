"""For which clusters the watches ask for a pass, and what an operator does that may not watch nodes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from presto_operator.controller.scope import Scope
from presto_operator.controller.watches import NodeWatch, ObjectWatch
from presto_operator.desired.config_map import catalogs_config_map
from presto_operator.kube import ApiError, ClusterKey, NodeStore, ObjectStore
from presto_operator.kube.kind import CONFIG_MAP
from presto_operator.nodes import Sightings
from presto_operator.objects import CLUSTER_LABEL, MANAGED_BY_LABEL, MANAGER, KubernetesObject
from presto_operator.planning.reclaim import node_digest
from tests.unit import virtual_time
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.live import owned_pod
from tests.unit.manifest import cluster, manifest
from tests.unit.nodes.nodes import NOW, node, taint

ADHOC = ClusterKey("analytics", "adhoc")
IDENTITY = {"kind": "Node", "metadata": {"name": "one", "uid": "one"}}
NODE = node() | IDENTITY
RECLAIMED = node(taint("aws-node-termination-handler/spot-itn")) | IDENTITY


def pod_of(cluster: str, *, on: str, namespace: str = "analytics") -> KubernetesObject:
    pod = {**owned_pod(f"{cluster}-worker", cluster, namespace=namespace), "spec": {"nodeName": on}}
    pod["metadata"]["labels"][MANAGED_BY_LABEL] = MANAGER
    return pod


def config_map(name: str, **metadata: Any) -> KubernetesObject:
    """A ConfigMap of cluster `adhoc`, with further metadata."""
    child = catalogs_config_map(cluster())
    return {**child, "metadata": {**child["metadata"], "name": name, "uid": name, **metadata}}


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
    assert asyncio.run(watching.node_watch.start())
    assert watching.requested == {ADHOC}


def test_an_operator_that_may_not_list_nodes_warns_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    watching = Watching()
    watching.api.refused_kinds["Node"] = ApiError(403, "nodes is forbidden")
    with caplog.at_level(logging.WARNING):
        assert not asyncio.run(watching.node_watch.start())
    assert len([record for record in caplog.records if "nodes is forbidden" in record.message]) == 1
    assert not watching.nodes.is_synced


def test_any_other_error_of_the_list_of_nodes_is_raised() -> None:
    watching = Watching()
    watching.api.refused_kinds["Node"] = ApiError(500, "busy")
    with pytest.raises(ApiError, match="busy"):
        asyncio.run(watching.node_watch.start())


@pytest.fixture
def adhoc() -> Watching:
    """Watches that know the cluster `adhoc`."""
    watching = Watching()
    watching.object_watch.see("ADDED", manifest())
    assert watching.requested == {ADHOC}
    return watching


def test_an_event_asks_for_a_pass_over_the_cluster_that_the_object_belongs_to(adhoc: Watching) -> None:
    adhoc.object_watch.see("ADDED", pod_of("adhoc", on="one"))
    assert adhoc.requested == {ADHOC}
    adhoc.object_watch.see("DELETED", pod_of("adhoc", on="one"))
    assert adhoc.requested == {ADHOC}
    adhoc.object_watch.see("ADDED", {"kind": "Pod", "metadata": {"namespace": "analytics", "name": "other"}})
    assert adhoc.requested == set()


def _owned_by(**owner: Any) -> dict[str, Any]:
    reference = {**config_map("any")["metadata"]["ownerReferences"][0], **owner}
    return {"ownerReferences": [reference]}


@pytest.mark.parametrize(
    "metadata",
    [
        {"ownerReferences": []},
        _owned_by(uid="of-another-cluster-of-that-name"),
        _owned_by(name="other"),
        _owned_by(kind="Deployment"),
        _owned_by(controller=False),
        {"labels": {CLUSTER_LABEL: "no-such-cluster", MANAGED_BY_LABEL: MANAGER}},
        {"namespace": "elsewhere"},
    ],
)
def test_what_no_known_cluster_owns_is_dropped_and_asks_for_nothing(adhoc: Watching, metadata: dict[str, Any]) -> None:
    foreign = config_map("foreign", resourceVersion="5", **metadata)
    for event_type in ("ADDED", "MODIFIED", "DELETED"):
        adhoc.object_watch.see(event_type, foreign)
    adhoc.api.write(manifest())
    adhoc.api.write(foreign)
    asyncio.run(adhoc.object_watch.list_all())
    assert adhoc.store.list(ADHOC, CONFIG_MAP) == []
    assert {key.name for key in adhoc.store.clusters()} == {"adhoc"}
    assert adhoc.requested <= {ADHOC}
    assert adhoc.store.list(ClusterKey("analytics", "no-such-cluster"), CONFIG_MAP) == []


def test_a_child_that_is_taken_from_its_cluster_is_dropped_and_wakes_it(adhoc: Watching) -> None:
    adhoc.object_watch.see("ADDED", config_map("files", resourceVersion="5"))
    assert adhoc.requested == {ADHOC}
    adhoc.object_watch.see("MODIFIED", config_map("files", resourceVersion="6", ownerReferences=[]))
    assert adhoc.requested == {ADHOC}
    assert adhoc.store.list(ADHOC, CONFIG_MAP) == []


@pytest.mark.parametrize("name", ["adhoc", "unknown"])
def test_a_list_of_kopf_that_is_older_than_what_is_known_has_the_clusters_listed_again(name: str) -> None:
    watching = Watching()

    async def scenario() -> None:
        watching.api.write(manifest())
        (clusters,) = (item for item in watching.object_watch.reflectors if item.kind == "PrestoCluster")
        await clusters.list()
        watching.api.objects.clear()
        watching.api.write(manifest(name="restored"))
        running = asyncio.create_task(clusters.run())
        await asyncio.sleep(1)
        assert watching.store.clusters() == [ADHOC]
        watching.object_watch.see(None, manifest(name=name))
        await asyncio.sleep(1)
        assert ADHOC not in watching.store.clusters()
        assert ClusterKey("analytics", "restored") in watching.store.clusters()
        running.cancel()

    virtual_time.run(scenario())


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


def test_secrets_are_not_listed_and_config_maps_by_their_metadata_only() -> None:
    selections = {reflector.kind: reflector.selection for reflector in Watching("analytics").object_watch.reflectors}
    assert "Secret" not in selections
    assert [kind for kind, selection in selections.items() if selection.metadata_only] == [
        "ConfigMap",
        "ControllerRevision",
    ]
    ours = "app.kubernetes.io/managed-by=presto-operator,prestooperator.io/cluster"
    assert {selection.label_selector for kind, selection in selections.items() if kind != "PrestoCluster"} == {ours}


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
    watching.object_watch.see("ADDED", manifest(namespace="try-next"))
    watching.object_watch.see("ADDED", pod_of("adhoc", on="one", namespace="analytics"))
    assert watching.requested == {ADHOC}


def test_half_a_list_is_not_enough_to_decide() -> None:
    watching = Watching()
    watching.api.refused_kinds["Pod"] = ApiError(503, "unavailable")
    with pytest.raises(ApiError, match="unavailable"):
        asyncio.run(watching.object_watch.list_all())
    assert not watching.object_watch.is_synced

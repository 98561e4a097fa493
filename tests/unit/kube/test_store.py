from __future__ import annotations

from typing import Any

import pytest

from presto_operator.kube import POD, PRESTO_CLUSTER, ClusterKey, ObjectStore
from presto_operator.kube.kind import CONFIG_MAP, DEPLOYMENT, SECRET, SERVICE
from presto_operator.kube.store import DepartedPod
from presto_operator.objects import CLUSTER_LABEL, KubernetesObject
from tests.unit.live import owned_pod

KEY = ClusterKey("analytics", "adhoc")

_NOW = 100
"""A moment after everything that the tests put into the store."""


def _pod(name: str = "pod-1", *, version: int = 5, uid: str = "a", cluster: str = "adhoc") -> KubernetesObject:
    return owned_pod(name, cluster, uid=uid, resourceVersion=str(version))


def _cluster(name: str = "adhoc", namespace: str = "analytics") -> KubernetesObject:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace, "uid": name, "resourceVersion": "1"}
    return {"kind": "PrestoCluster", "metadata": metadata}


@pytest.fixture
def store() -> ObjectStore:
    """A store that knows a cluster and its pod."""
    filled = ObjectStore()
    filled.put(_cluster())
    filled.put(_pod())
    return filled


def test_finds_objects_by_cluster_and_kind(store: ObjectStore) -> None:
    assert store.put(_pod("pod-0")) == KEY
    assert store.put(_pod("other", cluster="ml")) == ClusterKey("analytics", "ml")
    assert store.list(KEY, POD) == [_pod("pod-0"), _pod()]
    assert store.list(KEY, DEPLOYMENT) == []
    assert store.get(KEY, POD, "pod-1") == _pod()
    assert store.get(KEY, SERVICE, "pod-1") is None
    assert store.cluster(KEY) == _cluster()


def test_only_clusters_with_a_resource_are_clusters(store: ObjectStore) -> None:
    store.put(_pod(cluster="gone"))
    store.put(_cluster("ml", "science"))
    assert store.clusters() == [KEY, ClusterKey("science", "ml")]


def test_what_belongs_to_no_cluster_is_passed_over(store: ObjectStore) -> None:
    stranger = _pod("stranger")
    del stranger["metadata"]["labels"]
    assert store.put(stranger) is None
    assert store.remove(stranger) is None
    assert store.list(KEY, POD) == [_pod()]


@pytest.mark.parametrize(("version", "is_taken"), [(4, False), (6, True), (10, True)])
def test_stale_news_is_ignored(store: ObjectStore, version: int, *, is_taken: bool) -> None:
    news = {**_pod(version=version), "spec": {"nodeName": "node-1"}}
    assert store.put(news) == KEY
    assert store.get(KEY, POD, "pod-1") == (news if is_taken else _pod())


def test_versions_are_compared_as_numbers(store: ObjectStore) -> None:
    store.put(_pod(version=9))
    store.put(_pod(version=10))
    assert store.list(KEY, POD) == [_pod(version=10)]


def test_a_removed_object_is_gone(store: ObjectStore) -> None:
    assert store.remove(_pod(version=6)) == KEY
    assert store.list(KEY, POD) == []
    assert store.remove(_cluster()) == KEY
    assert store.cluster(KEY) is None
    assert store.clusters() == []


def test_the_end_of_a_namesake_is_ignored(store: ObjectStore) -> None:
    store.put(_pod(version=8, uid="b"))
    store.remove(_pod(version=7, uid="a"))
    assert store.list(KEY, POD) == [_pod(version=8, uid="b")]


def test_a_list_finds_what_vanished_appeared_and_changed(store: ObjectStore) -> None:
    for name in ("vanished", "changed", "same"):
        store.put(_pod(name, cluster=name))
    listed = [_pod(), _pod("same", cluster="same"), _pod("changed", cluster="changed", version=6)]
    listed.append(_pod("new", cluster="new"))
    changed = store.replace_all(POD, listed, _NOW)
    assert changed == {ClusterKey("analytics", name) for name in ("vanished", "changed", "new")}
    assert store.list(ClusterKey("analytics", "vanished"), POD) == []
    assert store.list(ClusterKey("analytics", "changed"), POD) == [_pod("changed", cluster="changed", version=6)]
    assert store.list(ClusterKey("analytics", "new"), POD) == [_pod("new", cluster="new")]


def test_a_list_of_one_kind_leaves_the_others(store: ObjectStore) -> None:
    assert store.replace_all(POD, [], _NOW) == {KEY}
    assert store.list(KEY, POD) == []
    assert store.cluster(KEY) == _cluster()


def test_a_list_does_not_know_of_what_came_after_it(store: ObjectStore) -> None:
    store.put(_pod("late", version=_NOW + 1))
    store.replace_all(POD, [_pod()], _NOW)
    assert store.list(KEY, POD) == [_pod("late", version=_NOW + 1), _pod()]


def test_a_list_of_one_namespace_leaves_the_others(store: ObjectStore) -> None:
    assert store.replace_all(POD, [], _NOW, namespace="elsewhere") == set()
    assert store.list(KEY, POD) == [_pod()]


def test_a_list_that_is_older_than_a_watch_changes_nothing(store: ObjectStore) -> None:
    store.put(_pod(version=9))
    assert store.replace_all(POD, [_pod(version=8)], _NOW) == set()
    assert store.list(KEY, POD) == [_pod(version=9)]


def test_a_list_finds_a_namesake(store: ObjectStore) -> None:
    assert store.replace_all(POD, [_pod(version=9, uid="b")], _NOW) == {KEY}
    assert store.list(KEY, POD) == [_pod(version=9, uid="b")]


def test_a_cluster_kind_is_listed_too(store: ObjectStore) -> None:
    assert store.replace_all(PRESTO_CLUSTER, [_cluster("ml")], _NOW) == {KEY, ClusterKey("analytics", "ml")}
    assert store.clusters() == [ClusterKey("analytics", "ml")]


def test_finds_the_clusters_that_have_pods_on_a_node(store: ObjectStore) -> None:
    store.put({**_pod("placed", cluster="ml"), "spec": {"nodeName": "one"}})
    store.put({**_pod("elsewhere"), "spec": {"nodeName": "two"}})
    store.put({**_cluster("bi"), "spec": {"nodeName": "one"}})
    assert store.clusters_on({"one"}) == {ClusterKey("analytics", "ml")}
    assert store.clusters_on({"one", "two"}) == {ClusterKey("analytics", "ml"), KEY}
    assert store.clusters_on({"three"}) == set()


def _leaving(version: int, **fields: Any) -> KubernetesObject:
    pod = _pod(version=version)
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:30:00Z"
    return {**pod, **fields}


def test_pods_that_were_leaving_are_handed_out_once_as_they_were_first_and_last(store: ObjectStore) -> None:
    store.put(_leaving(6))
    store.put(_leaving(7))
    assert store.take_departed(KEY) == []
    last = _leaving(8, status={"phase": "Succeeded"})
    store.remove(last)
    store.remove(last)
    assert store.take_departed(KEY) == [DepartedPod(_leaving(6), last)]
    assert store.take_departed(KEY) == []


def test_of_a_pod_that_is_removed_by_an_older_sight_the_newer_one_is_handed_out(store: ObjectStore) -> None:
    newest = _leaving(8, status={"phase": "Failed"})
    store.put(newest)
    store.remove(_leaving(6))
    assert store.take_departed(KEY) == [DepartedPod(newest, newest)]


def test_a_pod_that_vanishes_without_having_been_told_to_leave_has_not_departed(store: ObjectStore) -> None:
    store.remove(_leaving(8))
    assert store.take_departed(KEY) == []


def test_a_pod_that_has_taken_the_name_of_one_that_left_has_not_departed(store: ObjectStore) -> None:
    store.put(_leaving(6))
    store.put(_pod(version=9, uid="b"))
    store.remove(_pod(version=10, uid="b"))
    assert store.take_departed(KEY) == []


def test_a_list_without_a_pod_that_was_leaving_tells_that_it_has_departed(store: ObjectStore) -> None:
    store.put(_leaving(6))
    store.replace_all(POD, [], _NOW)
    assert store.take_departed(KEY) == [DepartedPod(_leaving(6), _leaving(6))]


def _child(**metadata: Any) -> KubernetesObject:
    owner = {"apiVersion": "prestooperator.io/v1alpha1", "kind": "PrestoCluster", "name": "adhoc", "uid": "adhoc"}
    labels = {CLUSTER_LABEL: "adhoc"}
    common = {"name": "adhoc", "namespace": "analytics", "uid": "s", "resourceVersion": "5", "labels": labels}
    return {"kind": "Service", "metadata": {**common, "ownerReferences": [{**owner, "controller": True}], **metadata}}


def test_a_label_alone_makes_nothing_ours(store: ObjectStore) -> None:
    assert store.put(_child()) == KEY
    for owners in ([], None, [{"apiVersion": "v1", "kind": "PrestoCluster", "name": "adhoc", "controller": True}]):
        assert store.put(_child(name="foreign", ownerReferences=owners)) == KEY
        assert store.get(KEY, SERVICE, "foreign") is None
    other = {**_child()["metadata"]["ownerReferences"][0], "name": "other"}
    store.put(_child(name="foreign", ownerReferences=[other]))
    assert store.list(KEY, SERVICE) == [_child()]


@pytest.mark.parametrize(
    "owner",
    [
        None,
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "adhoc-workers-cafe0001", "controller": True},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "postgres-5d4f8b9c6d", "controller": True},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "adhoc-workers-cafe0001-5d4f8b9c6d"},
        {"apiVersion": "v1", "kind": "ReplicaSet", "name": "adhoc-workers-cafe0001-5d4f8b9c6d", "controller": True},
    ],
)
def test_a_pod_of_somebody_else_is_not_ours_whatever_its_labels_are(owner: KubernetesObject | None) -> None:
    store = ObjectStore()
    pod = _pod("postgres-0")
    pod["metadata"]["ownerReferences"] = [owner] if owner else []
    store.put(pod)
    assert store.list(KEY, POD) == []
    store.replace_all(POD, [pod], _NOW)
    assert store.list(KEY, POD) == []
    pod["spec"] = {"nodeName": "n1"}
    assert store.clusters_on({"n1"}) == set()


def test_what_somebody_takes_from_its_owner_is_no_longer_ours_and_wakes_the_cluster(store: ObjectStore) -> None:
    store.put(_child())
    assert store.put(_child(ownerReferences=[], resourceVersion="6")) == KEY
    assert store.get(KEY, SERVICE, "adhoc") is None


def test_after_a_restore_of_the_api_server_a_list_is_the_truth(
    store: ObjectStore,
) -> None:
    store.put(_pod(version=9000))
    store.put(_pod("gone", version=9001))
    relist = store.relist(POD)
    relist.reset()
    relist.add([_pod(version=4000)])
    assert relist.finish(4001) == {KEY}
    assert store.list(KEY, POD) == [_pod(version=4000)]
    store.put(_pod(version=4010))
    assert store.list(KEY, POD) == [_pod(version=4010)]


def test_a_list_that_is_older_than_the_last_one_is_of_a_restored_api_server(store: ObjectStore) -> None:
    store.replace_all(POD, [_pod(version=9000)], 9000)
    assert store.replace_all(POD, [_pod(version=4000)], 4000) == {KEY}
    assert store.replace_all(POD, [], 4020) == {KEY}
    assert store.list(KEY, POD) == []


def test_between_two_pages_of_a_list_nothing_is_missing(store: ObjectStore) -> None:
    store.put(_pod("second"))
    relist = store.relist(POD)
    relist.reset()
    relist.add([_pod()])
    assert [pod["metadata"]["name"] for pod in store.list(KEY, POD)] == ["pod-1", "second"]
    relist.add([_pod("second")])
    assert relist.finish(_NOW) == {KEY}
    assert [pod["metadata"]["name"] for pod in store.list(KEY, POD)] == ["pod-1", "second"]


def _created(time: str, **metadata: Any) -> KubernetesObject:
    pod = _pod(**metadata)
    pod["metadata"]["creationTimestamp"] = f"2026-01-01T{time}Z"
    return pod


def test_an_object_with_another_uid_is_news_whatever_its_version_is_unless_it_is_older() -> None:
    store = ObjectStore()
    store.put(_created("10:00:00", version=9000))
    store.put(_created("10:05:00", version=4010, uid="b"))
    assert store.list(KEY, POD) == [_created("10:05:00", version=4010, uid="b")]
    store.put(_created("10:00:00", version=4005, uid="a"))
    assert store.list(KEY, POD) == [_created("10:05:00", version=4010, uid="b")]


def test_what_takes_room_is_not_kept(store: ObjectStore) -> None:
    annotations = {"prestooperator.io/parts": "{}", "team": "x" * 250_000}
    labels = {CLUSTER_LABEL: "adhoc"}
    store.put(_child(annotations=annotations, managedFields=[{"manager": "x" * 1000}], labels=labels))
    kept = store.get(KEY, SERVICE, "adhoc")
    assert kept is not None
    assert kept["metadata"]["annotations"] == {"prestooperator.io/parts": "{}"}
    assert "managedFields" not in kept["metadata"]


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_contents_of_files_are_not_kept(store: ObjectStore, kind: str) -> None:
    store.put({**_child(), "kind": kind, "data": {"a": "hunter2"}, "binaryData": {"b": "aaaa"}, "immutable": True})
    assert "hunter2" not in str(store.list(KEY, CONFIG_MAP, SECRET))
    assert len(store.list(KEY, CONFIG_MAP, SECRET)) == 1


def test_a_fingerprint_changes_with_what_anybody_can_set_and_with_nothing_else(store: ObjectStore) -> None:
    def fingerprint(**changed: Any) -> str:
        store.put({**_child(resourceVersion="9"), "spec": {"a": 1}, **changed})
        return store.fingerprint(KEY, SERVICE, "adhoc")

    before = fingerprint()
    assert fingerprint(status={"loadBalancer": {}}) == before
    assert fingerprint(spec={"a": 2}) != before
    annotated = _child(resourceVersion="10", annotations={"team": "data"})["metadata"]
    assert fingerprint(metadata=annotated) != before
    assert store.fingerprint(KEY, SERVICE, "other") == ""


def test_a_config_map_has_the_same_fingerprint_with_its_contents_and_without(store: ObjectStore) -> None:
    whole = {**_child(), "kind": "ConfigMap", "data": {"a": "b"}, "immutable": True}
    store.put(whole)
    before = store.fingerprint(KEY, CONFIG_MAP, "adhoc")
    store.put({name: value for name, value in whole.items() if name not in ("data", "immutable")})
    assert store.fingerprint(KEY, CONFIG_MAP, "adhoc") == before != ""


def test_forged_children_fill_a_bounded_room_and_leave_what_is_known(
    store: ObjectStore, caplog: pytest.LogCaptureFixture
) -> None:
    large = {f"label-{number}": "x" * 60 for number in range(10_000)}
    for number in range(20):
        store.put(_child(name=f"forged-{number}", uid=str(number), labels={CLUSTER_LABEL: "adhoc", **large}))
    kept = store.list(KEY, SERVICE)
    assert 5 < len(kept) < 12
    assert caplog.text.count("too many or too large objects") == 1
    for obj in kept:
        store.remove(obj)
    store.put(_child())
    assert store.list(KEY, SERVICE) == [_child()]
    assert store.list(KEY, POD) == [_pod()]


def test_a_pod_that_moves_or_goes_is_no_longer_on_its_node(store: ObjectStore) -> None:
    store.put({**_pod(version=6), "spec": {"nodeName": "one"}})
    assert store.clusters_on({"one"}) == {KEY}
    store.put({**_pod(version=7, uid="b"), "spec": {"nodeName": "two"}})
    assert store.clusters_on({"one"}) == set()
    store.remove(_pod(version=8, uid="b"))
    assert store.clusters_on({"one", "two"}) == set()


def test_a_cluster_that_is_no_more_leaves_nothing_behind(store: ObjectStore) -> None:
    store.put(_leaving(6))
    store.remove(_leaving(7))
    store.put({**_leaving(8), "spec": {"nodeName": "one"}})
    store.put(_child())
    store.forget(KEY)
    assert store.list(KEY, POD, SERVICE, PRESTO_CLUSTER) == []
    assert store.clusters_on({"one"}) == set()
    assert store.take_departed(KEY) == []


def test_only_what_a_known_cluster_owns_belongs_to_it() -> None:
    store = ObjectStore()
    assert not store.belongs_to_known_cluster(_child())
    assert not store.belongs_to_known_cluster(_pod())
    store.put(_cluster())
    assert store.belongs_to_known_cluster(_child())
    assert store.belongs_to_known_cluster(_pod())
    owner = {**_child()["metadata"]["ownerReferences"][0], "uid": "of-a-namesake"}
    assert not store.belongs_to_known_cluster(_child(ownerReferences=[owner]))

from __future__ import annotations

from typing import Any

import pytest

from presto_operator.kube import NodeStore


def node(name: str = "one", *, version: int = 5, uid: str = "a", taint: str | None = None, ready: str = "True") -> Any:
    """A node; `taint` is all that matters of it here."""
    return {
        "metadata": {"name": name, "uid": uid, "resourceVersion": str(version), "managedFields": ["long"]},
        "spec": {"taints": [{"key": taint}] if taint else [], "podCIDR": "10.0.0.0/24"},
        "status": {"conditions": [{"type": "Ready", "status": ready}], "images": ["long"]},
    }


@pytest.fixture
def store() -> NodeStore:
    """A store that knows a node."""
    filled = NodeStore(lambda known: str(known["spec"]["taints"]))
    assert filled.put(node())
    return filled


def test_only_what_matters_is_news(store: NodeStore) -> None:
    assert not store.put(node(version=6))
    assert store.put(node(version=7, taint="reclaimed"))
    assert not store.put(node(version=8, taint="reclaimed"))
    assert store.put(node(version=9))


def test_what_comes_late_is_ignored(store: NodeStore) -> None:
    assert not store.put(node(version=4, taint="reclaimed"))
    kept = store.get("one")
    assert kept is not None
    assert kept["spec"]["taints"] == []


def test_what_takes_room_is_not_kept(store: NodeStore) -> None:
    kept = store.get("one")
    assert kept is not None
    assert "managedFields" not in kept["metadata"]
    assert kept["status"].keys() == {"conditions"}


def test_a_node_that_is_gone_is_gone_unless_one_of_its_name_has_joined(store: NodeStore) -> None:
    store.put(node(uid="b", version=9))
    assert not store.remove(node())
    assert store.remove(node(uid="b", version=10))
    assert store.get("one") is None
    assert not store.remove(node(uid="b", version=10))


def test_a_list_makes_it_synced_and_tells_what_differs(store: NodeStore) -> None:
    assert not store.is_synced
    store.put(node("newer", version=200))
    store.put(node("tainted"))
    listed = [node("joined"), node("tainted", version=6, taint="reclaimed")]
    assert store.replace_all(listed, 100) == {"one", "joined", "tainted"}
    assert store.is_synced
    assert store.get("one") is None
    assert store.get("newer") is not None
    assert store.replace_all([*listed, node("newer", version=200)], 201) == set()


def test_whether_any_is_ready(store: NodeStore) -> None:
    assert store.is_any_ready()
    store.put(node(version=6, ready="Unknown"))
    assert not store.is_any_ready()
    store.put(node("two"))
    assert store.is_any_ready()


def test_after_a_restore_of_the_api_server_a_list_is_the_truth(store: NodeStore) -> None:
    store.replace_all([node(version=9000), node("gone", version=9001)], 9001)
    assert store.replace_all([node(version=4000, taint="reclaimed")], 4001) == {"one", "gone"}
    assert store.get("gone") is None
    assert store.put(node(version=4002))


def test_another_node_of_the_same_name_is_news_whatever_its_version_is(store: NodeStore) -> None:
    assert store.put(node(uid="b", version=4, taint="reclaimed"))

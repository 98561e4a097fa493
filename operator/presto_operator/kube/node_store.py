"""Nodes, in memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from presto_operator.objects import KubernetesObject, name_of, node_is_ready, resource_version_of


class NodeStore:
    """The newest known state of every node, without the fields that no decision depends on.

    A kubelet writes its node every few seconds. A write matters only if it changes the node's `digest`.
    """

    def __init__(self, digest: Callable[[KubernetesObject], Hashable]) -> None:
        self.is_synced = False
        """Whether all nodes are known. Before that, a node that isn't stored may exist."""
        self._digest = digest
        self._nodes: dict[str, KubernetesObject] = {}
        self._digests: dict[str, Hashable] = {}
        self._newest = 0
        self._listed = 0

    def get(self, name: str) -> KubernetesObject | None:
        """The node of this name; None if it isn't known."""
        return self._nodes.get(name)

    def is_ready(self, name: str) -> bool:
        """Whether the node of this name is known and ready."""
        node = self._nodes.get(name)
        return node is not None and node_is_ready(node)

    def all(self) -> list[KubernetesObject]:
        """All nodes that are known."""
        return list(self._nodes.values())

    def is_any_ready(self) -> bool:
        """Whether at least one node is ready. If none is, the API server may just not hear from any of them."""
        return any(node_is_ready(node) for node in self._nodes.values())

    def newest(self) -> int:
        """The highest resourceVersion that was seen; 0 if none was."""
        return self._newest

    def put(self, node: KubernetesObject) -> bool:
        """Store a node; returns whether that matters."""
        name = name_of(node)
        known = self._nodes.get(name)
        if known is not None and not _is_news(known, node):
            return False
        self._newest = max(self._newest, resource_version_of(node))
        self._nodes[name] = slim = _slim(node)
        digest = self._digest(slim)
        is_other = name not in self._digests or self._digests[name] != digest
        self._digests[name] = digest
        return is_other

    def remove(self, node: KubernetesObject) -> bool:
        """Remove a node that is gone; returns whether it was known."""
        name = name_of(node)
        known = self._nodes.get(name)
        # Another node may have joined under the same name since.
        if known is None or known["metadata"].get("uid") != node["metadata"].get("uid"):
            return False
        del self._nodes[name]
        del self._digests[name]
        return True

    def relist(self) -> NodeRelist:
        """Begin to take a complete list."""
        return NodeRelist(self)

    def replace_all(
        self, listed: Iterable[KubernetesObject], resource_version: int, *, is_reset: bool = False
    ) -> set[str]:
        """Store a complete list, as it was at `resource_version`; newer nodes stay.

        Returns the names of the nodes for which that matters.

        Args:
            listed: all nodes.
            resource_version: the moment of the list.
            is_reset: the API server has gone back in time, as by a restore of a backup: no known node is newer.
        """
        if is_reset or resource_version < self._listed:
            self._newest = 0
            for known in self._nodes.values():
                known["metadata"]["resourceVersion"] = "-1"
        nodes = {name_of(node): node for node in listed}
        vanished = {
            name
            for name, known in self._nodes.items()
            if name not in nodes and resource_version_of(known) <= resource_version
        }
        for name in vanished:
            self.remove(self._nodes[name])
        changed = {name for name, node in nodes.items() if self.put(node)}
        self._listed = resource_version
        self._newest = max(self._newest, resource_version)
        self.is_synced = True
        return vanished | changed


class NodeRelist:
    """A complete list of nodes, which is taken page by page."""

    def __init__(self, store: NodeStore) -> None:
        self._store = store
        self._nodes: list[KubernetesObject] = []
        self._is_reset = False

    def reset(self) -> None:
        """Take the list for the truth, whatever is known: the API server has gone back in time."""
        self._is_reset = True

    def add(self, items: Iterable[KubernetesObject]) -> None:
        """Take a page of the list."""
        self._nodes += map(_slim, items)

    def finish(self, resource_version: int) -> set[str]:
        """Store the list, which is as of `resource_version`; returns the names of the nodes that differed."""
        return self._store.replace_all(self._nodes, resource_version, is_reset=self._is_reset)


def _is_news(known: KubernetesObject, node: KubernetesObject) -> bool:
    """Whether `node` is newer than what is known under its name; another node of that name is, unless it is older."""
    if resource_version_of(node) >= resource_version_of(known):
        return True
    return node["metadata"].get("uid") != known["metadata"].get("uid") and _creation(node) >= _creation(known)


def _creation(node: KubernetesObject) -> str:
    return str(node["metadata"].get("creationTimestamp") or "")


def _slim(node: KubernetesObject) -> KubernetesObject:
    """The node without large irrelevant fields, mainly `status.images`."""
    metadata: dict[str, Any] = node["metadata"]
    spec: dict[str, Any] = node.get("spec", {})
    kept = ("name", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp")
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        "spec": {name: spec[name] for name in ("taints", "unschedulable") if name in spec},
        "status": {"conditions": node.get("status", {}).get("conditions", [])},
    }

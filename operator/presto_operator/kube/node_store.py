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

    def put(self, node: KubernetesObject) -> bool:
        """Store a node; returns whether that matters."""
        name = name_of(node)
        known = self._nodes.get(name)
        if known is not None and resource_version_of(node) < resource_version_of(known):
            return False
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

    def replace_all(self, listed: Iterable[KubernetesObject], resource_version: int) -> set[str]:
        """Store a complete list, as it was at `resource_version`; newer nodes stay.

        Returns the names of the nodes for which that matters.
        """
        nodes = {name_of(node): node for node in listed}
        vanished = {
            name
            for name, known in self._nodes.items()
            if name not in nodes and resource_version_of(known) <= resource_version
        }
        for name in vanished:
            self.remove(self._nodes[name])
        changed = {name for name, node in nodes.items() if self.put(node)}
        self.is_synced = True
        return vanished | changed


def _slim(node: KubernetesObject) -> KubernetesObject:
    """The node without large irrelevant fields, mainly `status.images`."""
    metadata: dict[str, Any] = node["metadata"]
    spec: dict[str, Any] = node.get("spec", {})
    kept = ("name", "uid", "resourceVersion", "deletionTimestamp")
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        "spec": {name: spec[name] for name in ("taints", "unschedulable") if name in spec},
        "status": {"conditions": node.get("status", {}).get("conditions", [])},
    }

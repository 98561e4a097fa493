"""What the watch of nodes has seen, in memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from presto_operator.objects import KubernetesObject, name_of, node_is_ready, resource_version_of


class NodeStore:
    """The newest known state of every node, as far as a decision can hang on it.

    A kubelet writes its node every few seconds, so the store tells which writes matter: those after which `digest` of a
    node is another.
    """

    def __init__(self, digest: Callable[[KubernetesObject], Hashable]) -> None:
        self.is_synced = False
        """Whether all nodes are known. Before that, a node that isn't here may well exist."""
        self._digest = digest
        self._nodes: dict[str, KubernetesObject] = {}
        self._digests: dict[str, Hashable] = {}

    def get(self, name: str) -> KubernetesObject | None:
        """The node of this name; None: it isn't known."""
        return self._nodes.get(name)

    def is_ready(self, name: str) -> bool:
        """Whether the node of this name is known and ready."""
        node = self._nodes.get(name)
        return node is not None and node_is_ready(node)

    def is_any_ready(self) -> bool:
        """Whether at least one node is ready. If none is, it may be that just nobody hears of them."""
        return any(node_is_ready(node) for node in self._nodes.values())

    def put(self, node: KubernetesObject) -> bool:
        """Take note of a node; returns whether that matters."""
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
        """Take note that a node is gone; returns whether that is news."""
        name = name_of(node)
        known = self._nodes.get(name)
        # One of the same name may have joined since.
        if known is None or known["metadata"].get("uid") != node["metadata"].get("uid"):
            return False
        del self._nodes[name]
        del self._digests[name]
        return True

    def replace_all(self, listed: Iterable[KubernetesObject], resource_version: int) -> set[str]:
        """Make a complete list, as it was at `resource_version`, the truth; what came later stays.

        Returns the names of the nodes of which that matters.
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
    """A node without what takes much room and says nothing of its future, its list of images above all."""
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

"""What the watches have seen: clusters, their children and their pods, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass

from presto_operator.kube.kind import POD, PRESTO_CLUSTER, Kind
from presto_operator.objects import (
    CLUSTER_LABEL,
    KubernetesObject,
    is_terminating,
    kind_and_name,
    label_of,
    name_of,
    namespace_of,
    node_of,
    resource_version_of,
    uid_of,
)


@dataclass(frozen=True, order=True)
class ClusterKey:
    """Which cluster."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class DepartedPod:
    """A pod that was on its way out, and is gone."""

    first: KubernetesObject
    """As it was when it was first seen on its way out. Its last state no longer tells when it was deleted: the API
    server overwrites that when the kubelet is through with it."""
    last: KubernetesObject
    """As it was last seen."""


class ObjectStore:
    """The newest known state of every object that the operator looks at, found by cluster.

    It is fed by watches, by the answers to our own writes and, against anything that a watch may have missed, by a
    list of everything now and then. Whichever comes late is told by its resourceVersion, and ignored.
    """

    def __init__(self) -> None:
        self._objects: dict[ClusterKey, dict[tuple[str, str], KubernetesObject]] = {}
        self._leaving: dict[tuple[ClusterKey, str], KubernetesObject] = {}
        """Pods by name, as they were when they were first seen on their way out."""
        self._departed: dict[ClusterKey, list[DepartedPod]] = {}

    def put(self, obj: KubernetesObject) -> ClusterKey | None:
        """Take note of an object; returns the cluster that it belongs to, or None if it belongs to none."""
        key = cluster_key(obj)
        if key is None:
            return None
        objects = self._objects.setdefault(key, {})
        known = objects.get(kind_and_name(obj))
        if known is None or resource_version_of(obj) >= resource_version_of(known):
            objects[kind_and_name(obj)] = obj
            if obj["kind"] == POD.name and is_terminating(obj):
                self._leaving.setdefault((key, name_of(obj)), obj)
        return key

    def remove(self, obj: KubernetesObject) -> ClusterKey | None:
        """Take note that an object is gone; returns the cluster that it belonged to."""
        key = cluster_key(obj)
        if key is None:
            return None
        objects = self._objects.get(key, {})
        known = objects.get(kind_and_name(obj))
        # One of the same name may have been made since.
        if known is not None and uid_of(known) == uid_of(obj):
            del objects[kind_and_name(obj)]
            first = self._leaving.pop((key, name_of(obj)), None) if obj["kind"] == POD.name else None
            if first is not None and uid_of(first) == uid_of(obj):
                last = max(known, obj, key=resource_version_of)
                self._departed.setdefault(key, []).append(DepartedPod(first, last))
            if not objects:
                del self._objects[key]
        return key

    def take_departed(self, key: ClusterKey) -> list[DepartedPod]:
        """The cluster's pods that were on their way out and are gone since the last call.

        A pod that vanished without having been seen on its way out isn't among them.
        """
        return self._departed.pop(key, [])

    def replace_all(
        self, kind: Kind, listed: Iterable[KubernetesObject], resource_version: int, *, namespace: str | None = None
    ) -> set[ClusterKey]:
        """Make a complete list of one kind, as it was at `resource_version`, the truth; what came later stays.

        The list is of one namespace, or of all if `namespace` is None. Returns the clusters whose objects differed.
        """
        items = {(key, kind_and_name(obj)): obj for obj in listed if (key := cluster_key(obj)) is not None}
        changed = set()
        for key, objects in list(self._objects.items()):
            if namespace not in (None, key.namespace):
                continue
            for identity, known in list(objects.items()):
                is_vanished = identity[0] == kind.name and (key, identity) not in items
                if is_vanished and resource_version_of(known) <= resource_version:
                    changed.add(key)
                    self.remove(known)
        for (key, identity), obj in items.items():
            known_now = self._objects.get(key, {}).get(identity)
            if known_now is None or resource_version_of(known_now) < resource_version_of(obj):
                changed.add(key)
                self.put(obj)
        return changed

    def clusters(self) -> list[ClusterKey]:
        """Every cluster that there is a resource of."""
        return sorted(key for key, objects in self._objects.items() if (PRESTO_CLUSTER.name, key.name) in objects)

    def clusters_on(self, nodes: Set[str]) -> set[ClusterKey]:
        """Every cluster that has a pod on one of the nodes of these names."""
        return {
            key
            for key, objects in self._objects.items()
            for (kind, _), obj in objects.items()
            if kind == POD.name and node_of(obj) in nodes
        }

    def cluster(self, key: ClusterKey) -> KubernetesObject | None:
        """The PrestoCluster resource, or None if there is none."""
        return self._objects.get(key, {}).get((PRESTO_CLUSTER.name, key.name))

    def get(self, key: ClusterKey, kind: Kind, name: str) -> KubernetesObject | None:
        """One object of the cluster."""
        return self._objects.get(key, {}).get((kind.name, name))

    def list(self, key: ClusterKey, *kinds: Kind) -> list[KubernetesObject]:
        """All objects of the cluster of these kinds, by kind and name."""
        names = {kind.name for kind in kinds}
        return [obj for (kind, _), obj in sorted(self._objects.get(key, {}).items()) if kind in names]


def cluster_key(obj: KubernetesObject) -> ClusterKey | None:
    """The cluster that an object is, or that its label names; None if it belongs to no cluster."""
    name = name_of(obj) if obj["kind"] == PRESTO_CLUSTER.name else label_of(obj, CLUSTER_LABEL)
    return ClusterKey(namespace_of(obj), name) if name else None

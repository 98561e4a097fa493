"""Clusters, their children and their pods, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass

from presto_operator.desired import coordinator_name, pool_deployment_name
from presto_operator.kube.kind import POD, PRESTO_CLUSTER, Kind
from presto_operator.objects import (
    CLUSTER_LABEL,
    GROUP,
    REVISION_LABEL,
    KubernetesObject,
    controller_of,
    deployment_of,
    generation_of,
    is_terminating,
    kind_and_name,
    label_of,
    name_of,
    namespace_of,
    node_of,
    pool_of,
    resource_version_of,
    uid_of,
)


@dataclass(frozen=True, order=True)
class ClusterKey:
    """Identifies a cluster."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class DepartedPod:
    """A pod that terminated, and is gone."""

    first: KubernetesObject
    """As it was when it was first seen terminating. Its last state no longer says when it was deleted: the API server
    overwrites that when all of its containers have ended."""
    last: KubernetesObject
    """As it was last seen."""


class ObjectStore:
    """The newest known state of every object that the operator uses, by cluster.

    It is fed by watches, by the answers to our own writes, and by regular lists of everything, in case a watch has
    missed an event. What comes late is recognized by its resourceVersion, and ignored.
    """

    def __init__(self) -> None:
        self._objects: dict[ClusterKey, dict[tuple[str, str], KubernetesObject]] = {}
        self._leaving: dict[tuple[ClusterKey, str], KubernetesObject] = {}
        """Pods by name, as they were when they were first seen terminating."""
        self._departed: dict[ClusterKey, list[DepartedPod]] = {}

    def put(self, obj: KubernetesObject) -> ClusterKey | None:
        """Store an object; returns the cluster that it belongs to, or None if it belongs to none."""
        key = cluster_key(obj)
        if key is None:
            return None
        if not _is_of(obj, key):
            # It may have been ours until somebody edited its owner references.
            return self.remove(obj)
        objects = self._objects.setdefault(key, {})
        known = objects.get(kind_and_name(obj))
        if known is None or resource_version_of(obj) >= resource_version_of(known):
            objects[kind_and_name(obj)] = obj
            if obj["kind"] == POD.name and is_terminating(obj):
                self._leaving.setdefault((key, name_of(obj)), obj)
        return key

    def remove(self, obj: KubernetesObject) -> ClusterKey | None:
        """Remove an object that is gone; returns the cluster that it belonged to, or None if it belonged to none."""
        key = cluster_key(obj)
        if key is None:
            return None
        objects = self._objects.get(key, {})
        known = objects.get(kind_and_name(obj))
        # Another object may have been created under the same name since.
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
        """The cluster's pods that terminated and are gone since the last call.

        A pod that vanished without having been seen terminating isn't among them.
        """
        return self._departed.pop(key, [])

    def replace_all(
        self, kind: Kind, listed: Iterable[KubernetesObject], resource_version: int, *, namespace: str | None = None
    ) -> set[ClusterKey]:
        """Store a complete list of one kind, as it was at `resource_version`; newer objects stay.

        The list is of one namespace, or of all if `namespace` is None. Returns the clusters whose objects differed.
        """
        items = {
            (key, kind_and_name(obj)): obj
            for obj in listed
            if (key := cluster_key(obj)) is not None and _is_of(obj, key)
        }
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
        """Every cluster that has a PrestoCluster resource."""
        return sorted(key for key, objects in self._objects.items() if (PRESTO_CLUSTER.name, key.name) in objects)

    def clusters_on(self, nodes: Set[str]) -> set[ClusterKey]:
        """Every cluster that has a pod on one of these nodes, which are given by name."""
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
        """All objects of the cluster of these kinds, ordered by kind and name."""
        names = {kind.name for kind in kinds}
        return [obj for (kind, _), obj in sorted(self._objects.get(key, {}).items()) if kind in names]


def cluster_key(obj: KubernetesObject) -> ClusterKey | None:
    """The cluster that an object is, or that its label names; None if it belongs to no cluster."""
    name = name_of(obj) if obj["kind"] == PRESTO_CLUSTER.name else label_of(obj, CLUSTER_LABEL)
    return ClusterKey(namespace_of(obj), name) if name else None


def _is_of(obj: KubernetesObject, key: ClusterKey) -> bool:
    """Whether an object is the cluster itself, or is made by it: a label alone is easily set by anybody.

    Checks that
    - the controller of a child is a PrestoCluster of that name (whether it is this very one, by its uid, is checked
      where that is known),
    - a pod was made by a Deployment that the operator names as the pod's labels say.
    """
    if obj["kind"] == PRESTO_CLUSTER.name:
        return True
    if obj["kind"] == POD.name:
        return deployment_of(obj) in (
            coordinator_name(key, generation_of(obj)),
            pool_deployment_name(key, pool_of(obj), label_of(obj, REVISION_LABEL)),
        )
    owner = controller_of(obj) or {}
    is_ours = str(owner.get("apiVersion", "")).partition("/")[0] == GROUP and owner.get("kind") == PRESTO_CLUSTER.name
    return is_ours and owner.get("name") == key.name

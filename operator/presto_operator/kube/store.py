"""Clusters, their children and their pods, in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace

from presto_operator.desired import coordinator_name, pool_deployment_name
from presto_operator.kube.kept import fingerprint, kept, size_of
from presto_operator.kube.kind import POD, PRESTO_CLUSTER, Kind
from presto_operator.objects import (
    CLUSTER_LABEL,
    GROUP,
    REVISION_LABEL,
    KubernetesObject,
    controller_of,
    deployment_of,
    described,
    generation_of,
    is_owned_by,
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

_logger = logging.getLogger(__name__)


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


@dataclass(frozen=True)
class _Entry:
    """An object in the store."""

    obj: KubernetesObject
    version: int
    """Its resourceVersion; -1 if that can't be compared with newer ones, because the API server was restored."""
    fingerprint: str
    size: int
    """Length as JSON."""


_Identity = tuple[str, str]
"""Kind and name."""

_MOST_CHARACTERS = {POD.name: 64 * 2**20}
_MOST_CHARACTERS_OF_OTHERS = 8 * 2**20
"""The most that is kept of one kind for one cluster, as JSON. The owner of an object can be forged by anybody who may
create objects in the cluster's namespace; a large cluster of 1,000 workers has 8 MiB of pods, and 1 MiB of the rest."""


class ObjectStore:
    """The newest known state of every object that the operator uses, by cluster, without what isn't needed.

    It is fed by watches, by the answers to our own writes, and by regular lists of everything, in case a watch has
    missed an event. What comes late is recognized by its resourceVersion, and ignored.
    """

    def __init__(self) -> None:
        self._objects: dict[ClusterKey, dict[_Identity, _Entry]] = {}
        self._on_node: dict[str, set[tuple[ClusterKey, str]]] = {}
        """The pods on each node, by cluster and name."""
        self._sizes: dict[tuple[ClusterKey, str], int] = {}
        """How much is kept of each kind for each cluster."""
        self._full: set[tuple[ClusterKey, str]] = set()
        """Of which kinds, for which clusters, something is not kept for want of room."""
        self._newest: dict[str, int] = {}
        """The highest resourceVersion that was seen of each kind."""
        self._listed: dict[tuple[str, str | None], int] = {}
        """The resourceVersion of the last list of each kind and namespace."""
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
        self._newest[obj["kind"]] = max(self.newest(obj["kind"]), resource_version_of(obj))
        known = self._entry(key, kind_and_name(obj))
        if known is None or _is_news(known, obj):
            self._keep(key, obj)
        return key

    def remove(self, obj: KubernetesObject) -> ClusterKey | None:
        """Remove an object that is gone; returns the cluster that it belonged to, or None if it belonged to none."""
        key = cluster_key(obj)
        if key is None:
            return None
        known = self._entry(key, kind_and_name(obj))
        # Another object may have been created under the same name since.
        if known is not None and uid_of(known.obj) == uid_of(obj):
            self._drop(key, kind_and_name(obj))
            first = self._leaving.pop((key, name_of(obj)), None) if obj["kind"] == POD.name else None
            if first is not None and uid_of(first) == uid_of(obj):
                last = max(known.obj, kept(obj), key=resource_version_of)
                self._departed.setdefault(key, []).append(DepartedPod(first, last))
        return key

    def forget(self, key: ClusterKey) -> None:
        """Drop all objects of a cluster that is no more."""
        for identity in list(self._objects.get(key, {})):
            self._drop(key, identity)
            self._leaving.pop((key, identity[1]), None)
        self._departed.pop(key, None)
        self._full = {(other, kind) for other, kind in self._full if other != key}

    def take_departed(self, key: ClusterKey) -> list[DepartedPod]:
        """The cluster's pods that terminated and are gone since the last call.

        A pod that vanished without having been seen terminating isn't among them.
        """
        return self._departed.pop(key, [])

    def newest(self, kind: str) -> int:
        """The highest resourceVersion that was seen of a kind; 0 if none was."""
        return self._newest.get(kind, 0)

    def relist(self, kind: Kind, *, namespace: str | None = None) -> Relist:
        """Begin to take a complete list of one kind, of one namespace or of all."""
        return Relist(self, kind, namespace)

    def note_list(self, kind: Kind, namespace: str | None, resource_version: int) -> None:
        """Take note of the resourceVersion of a list that was taken."""
        self._listed[kind.name, namespace] = resource_version
        self._newest[kind.name] = max(self.newest(kind.name), resource_version)

    def replace_all(
        self, kind: Kind, listed: Iterable[KubernetesObject], resource_version: int, *, namespace: str | None = None
    ) -> set[ClusterKey]:
        """Store a complete list of one kind, as it was at `resource_version`; newer objects stay.

        The list is of one namespace, or of all if `namespace` is None. Returns the clusters whose objects differed.
        """
        relist = self.relist(kind, namespace=namespace)
        if resource_version < self._listed.get((kind.name, namespace), 0):
            relist.reset()
        relist.add(listed)
        return relist.finish(resource_version)

    def clusters(self) -> list[ClusterKey]:
        """Every cluster that has a PrestoCluster resource."""
        return sorted(key for key, objects in self._objects.items() if (PRESTO_CLUSTER.name, key.name) in objects)

    def clusters_on(self, nodes: Set[str]) -> set[ClusterKey]:
        """Every cluster that has a pod on one of these nodes, which are given by name."""
        return {key for node in nodes for key, _ in self._on_node.get(node, ())}

    def cluster(self, key: ClusterKey) -> KubernetesObject | None:
        """The PrestoCluster resource, or None if there is none."""
        return self.get(key, PRESTO_CLUSTER, key.name)

    def get(self, key: ClusterKey, kind: Kind, name: str) -> KubernetesObject | None:
        """One object of the cluster, as far as it is kept."""
        entry = self._entry(key, (kind.name, name))
        return None if entry is None else entry.obj

    def fingerprint(self, key: ClusterKey, kind: Kind, name: str) -> str:
        """A hash of what we could have set of this object, which changes when anybody changes any of it.

        Empty if it isn't known.
        """
        entry = self._entry(key, (kind.name, name))
        return "" if entry is None else entry.fingerprint

    def entries_of(self, kind: Kind, namespace: str | None) -> list[tuple[ClusterKey, str, int]]:
        """Cluster, name and resourceVersion of every object of a kind, in one namespace or in all."""
        return [
            (key, identity[1], entry.version)
            for key, objects in self._objects.items()
            if namespace in (None, key.namespace)
            for identity, entry in objects.items()
            if identity[0] == kind.name
        ]

    def distrust_versions(self, kind: Kind, namespace: str | None) -> None:
        """From now on take any state of these objects for newer: the API server has gone back in time."""
        self._newest[kind.name] = 0
        for key, name, _ in self.entries_of(kind, namespace):
            objects = self._objects[key]
            objects[kind.name, name] = replace(objects[kind.name, name], version=-1)

    def list(self, key: ClusterKey, *kinds: Kind) -> list[KubernetesObject]:
        """All objects of the cluster of these kinds, ordered by kind and name."""
        names = {kind.name for kind in kinds}
        return [entry.obj for (kind, _), entry in sorted(self._objects.get(key, {}).items()) if kind in names]

    def belongs_to_known_cluster(self, obj: KubernetesObject) -> bool:
        """Whether an object is a cluster, or belongs to one that is known: a child to just this one, by its uid."""
        key = cluster_key(obj)
        if key is None or not _is_of(obj, key):
            return False
        cluster = self.cluster(key)
        if obj["kind"] == PRESTO_CLUSTER.name:
            return True
        return cluster is not None and (obj["kind"] == POD.name or is_owned_by(obj, uid_of(cluster)))

    def is_known(self, obj: KubernetesObject) -> bool:
        """Whether just this object is in the store."""
        key = cluster_key(obj)
        known = self._entry(key, kind_and_name(obj)) if key is not None else None
        return known is not None and uid_of(known.obj) == uid_of(obj)

    def version(self, key: ClusterKey, kind: Kind, name: str) -> int | None:
        """The resourceVersion of an object; None if it isn't known."""
        entry = self._entry(key, (kind.name, name))
        return None if entry is None else entry.version

    def _entry(self, key: ClusterKey, identity: _Identity) -> _Entry | None:
        return self._objects.get(key, {}).get(identity)

    def _keep(self, key: ClusterKey, obj: KubernetesObject) -> None:
        """Store an object, unless too much is kept for its cluster already."""
        identity = kind_and_name(obj)
        slim = kept(obj)
        is_cluster = obj["kind"] == PRESTO_CLUSTER.name
        size = 0 if is_cluster else size_of(slim)
        self._drop(key, identity)
        total = self._sizes.get((key, obj["kind"]), 0) + size
        if total > _MOST_CHARACTERS.get(obj["kind"], _MOST_CHARACTERS_OF_OTHERS):
            if (key, obj["kind"]) not in self._full:
                _logger.warning("%s: too many or too large objects: %s and others are ignored", key, described(obj))
            self._full.add((key, obj["kind"]))
            return
        mark = "" if is_cluster or obj["kind"] == POD.name else fingerprint(obj)
        self._objects.setdefault(key, {})[identity] = _Entry(slim, resource_version_of(obj), mark, size)
        self._sizes[key, obj["kind"]] = total
        if obj["kind"] == POD.name:
            self._on_node.setdefault(node_of(obj), set()).add((key, name_of(obj)))
            if is_terminating(obj):
                self._leaving.setdefault((key, name_of(obj)), slim)

    def _drop(self, key: ClusterKey, identity: _Identity) -> None:
        objects = self._objects.get(key, {})
        entry = objects.pop(identity, None)
        if entry is None:
            return
        if not objects:
            del self._objects[key]
        self._sizes[key, identity[0]] -= entry.size
        if not self._sizes[key, identity[0]]:
            del self._sizes[key, identity[0]]
        if identity[0] == POD.name:
            on_node = self._on_node[node_of(entry.obj)]
            on_node.discard((key, identity[1]))
            if not on_node:
                del self._on_node[node_of(entry.obj)]


class Relist:
    """A complete list of one kind, which is taken page by page. Passes may run between two pages."""

    def __init__(self, store: ObjectStore, kind: Kind, namespace: str | None) -> None:
        self._store = store
        self._kind = kind
        self._namespace = namespace
        self._found: set[tuple[ClusterKey, str]] = set()
        self._changed: set[ClusterKey] = set()

    def reset(self) -> None:
        """Take the list for the truth, whatever is known: the API server has gone back in time.

        Called before the first `add`.
        """
        self._store.distrust_versions(self._kind, self._namespace)

    def add(self, items: Iterable[KubernetesObject]) -> None:
        """Store a page of the list."""
        for obj in items:
            key = cluster_key(obj)
            if key is None or not _is_of(obj, key):
                continue
            self._found.add((key, name_of(obj)))
            before = self._store.version(key, self._kind, name_of(obj))
            self._store.put(obj)
            if self._store.version(key, self._kind, name_of(obj)) != before:
                self._changed.add(key)

    def finish(self, resource_version: int) -> set[ClusterKey]:
        """Remove what isn't in the list, which is as of `resource_version`; newer objects stay.

        Returns the clusters whose objects differed.
        """
        for key, name, version in self._store.entries_of(self._kind, self._namespace):
            known = self._store.get(key, self._kind, name)
            if known is not None and (key, name) not in self._found and version <= resource_version:
                self._changed.add(key)
                self._store.remove(known)
        self._store.note_list(self._kind, self._namespace, resource_version)
        return self._changed


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


def _is_news(known: _Entry, obj: KubernetesObject) -> bool:
    """Whether `obj` is newer than what is known under its name.

    After a restore of the API server's data, resourceVersions begin again at lower ones. So an object with another uid
    is news whatever its version is, unless it was created before the known one.
    """
    if resource_version_of(obj) >= known.version:
        return True
    return uid_of(obj) != uid_of(known.obj) and _creation(obj) >= _creation(known.obj)


def _creation(obj: KubernetesObject) -> str:
    return str(obj["metadata"].get("creationTimestamp") or "")

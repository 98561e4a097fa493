"""What the watches bring into the stores, and for which clusters they ask for a pass."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from presto_operator.controller.scope import EVERYWHERE, Scope
from presto_operator.kube import (
    CHILD_KINDS,
    METADATA_ONLY,
    NODE,
    POD,
    PRESTO_CLUSTER,
    SECRET,
    ApiError,
    ClusterKey,
    Kind,
    NodeRelist,
    NodeStore,
    ObjectReader,
    ObjectStore,
    Reflector,
    Relist,
    Selection,
)
from presto_operator.objects import (
    CLUSTER_LABEL,
    MANAGED_BY_LABEL,
    MANAGER,
    KubernetesObject,
    name_of,
    namespace_of,
    resource_version_of,
)
from presto_operator.telemetry import metrics

DELETED = "DELETED"
"""The type of a watch event about an object that is gone."""

_OURS = f"{MANAGED_BY_LABEL}={MANAGER},{CLUSTER_LABEL}"
_WATCHED_KINDS = tuple(kind for kind in (*CHILD_KINDS, POD) if kind is not SECRET)
"""Secrets are neither listed nor watched: that would be a right to read every Secret of a namespace."""

_logger = logging.getLogger(__name__)


class ObjectWatch:
    """Keeps the store of clusters, children and pods up to date, and asks for a pass over each cluster that changed."""

    def __init__(
        self,
        api: ObjectReader,
        store: ObjectStore,
        request_pass: Callable[[ClusterKey], None],
        *,
        scope: Scope = EVERYWHERE,
        relist_interval: timedelta = timedelta(minutes=5),
    ) -> None:
        """Objects outside of `scope` are ignored. Everything is listed again every `relist_interval`."""
        self._store = store
        self._request_pass = request_pass
        self._scope = scope
        # The clusters come first: of the rest, only what belongs to one of them is kept.
        self.reflectors = tuple(
            Reflector(
                api,
                _selection(kind, namespace),
                _ObjectCopy(self, kind, namespace),
                relist_seconds=relist_interval.total_seconds(),
                is_watched=kind is not PRESTO_CLUSTER,  # kopf watches them
            )
            for kind in (PRESTO_CLUSTER, *_WATCHED_KINDS)
            for namespace in scope.namespaces or (None,)
        )

    @property
    def is_synced(self) -> bool:
        """Whether everything was listed once. Before that, no decision can be taken."""
        return all(reflector.is_synced for reflector in self.reflectors)

    def see(self, event_type: str | None, obj: KubernetesObject) -> None:
        """Take note of an event; its type is None for an object that a list has found."""
        if not self._scope.includes(namespace_of(obj)):
            return
        was_known = self._store.is_known(obj)
        if event_type == DELETED or not self._store.belongs_to_known_cluster(obj):
            key = self._store.remove(obj) if was_known else None
        else:
            if event_type is None and resource_version_of(obj) < self._known_version(obj):
                # What kopf lists anew is old: the API server may have gone back in time, which only our list finds out.
                self.ask_for_clusters()
            key = self._store.put(obj)
        if key is not None:
            self._request_pass(key)
        metrics.clusters.set(len(self._store.clusters()))

    def _known_version(self, cluster: KubernetesObject) -> int:
        """The resourceVersion of a cluster that is known; the newest of all clusters if it isn't."""
        key = ClusterKey(namespace_of(cluster), name_of(cluster))
        version = self._store.version(key, PRESTO_CLUSTER, key.name)
        return self._store.newest(PRESTO_CLUSTER.name) if version is None else version

    async def list_all(self) -> None:
        """List everything.

        Raises:
            ApiError: the API server refused, or could not be reached.
        """
        for reflector in self.reflectors:
            await reflector.list()

    async def run(self) -> None:
        """Keep the store up to date, forever, once everything was listed."""
        async with asyncio.TaskGroup() as tasks:
            for reflector in self.reflectors:
                tasks.create_task(reflector.run())

    def ask_for_clusters(self) -> None:
        """Let the PrestoClusters be listed at once: their watch has had a gap."""
        for reflector in self.reflectors:
            if reflector.kind == PRESTO_CLUSTER.name:
                reflector.ask_for_list()

    def relist(self, kind: Kind, namespace: str | None) -> _ObjectListing:
        """Begin to take a complete list."""
        relist = self._store.relist(kind, namespace=namespace)
        on_reset = self.ask_for_clusters if kind is not PRESTO_CLUSTER else lambda: None
        return _ObjectListing(relist, self._is_included, self._request_passes, on_reset)

    def newest(self, kind: Kind) -> int:
        """The highest resourceVersion that was seen of a kind."""
        return self._store.newest(kind.name)

    def _is_included(self, obj: KubernetesObject) -> bool:
        return self._scope.includes(namespace_of(obj)) and self._store.belongs_to_known_cluster(obj)

    def _request_passes(self, keys: Iterable[ClusterKey]) -> None:
        for key in keys:
            self._request_pass(key)


def _selection(kind: Kind, namespace: str | None) -> Selection:
    selector = None if kind is PRESTO_CLUSTER else _OURS
    return Selection(kind, namespace, selector, metadata_only=kind in METADATA_ONLY)


@dataclass(frozen=True)
class _ObjectListing:
    relist: Relist
    is_included: Callable[[KubernetesObject], bool]
    request_passes: Callable[[Iterable[ClusterKey]], None]
    on_reset: Callable[[], None]

    def reset(self) -> None:
        self.relist.reset()
        self.on_reset()

    def add(self, items: Iterable[KubernetesObject]) -> None:
        self.relist.add(filter(self.is_included, items))

    def finish(self, resource_version: int) -> None:
        self.request_passes(self.relist.finish(resource_version))


@dataclass(frozen=True)
class _ObjectCopy:
    watch: ObjectWatch
    kind: Kind
    namespace: str | None

    def newest(self) -> int:
        return self.watch.newest(self.kind)

    def relist(self) -> _ObjectListing:
        return self.watch.relist(self.kind, self.namespace)

    def see(self, event_type: str | None, obj: KubernetesObject) -> None:
        self.watch.see(event_type, obj)


class NodeWatch:
    """Keeps the store of nodes up to date, and asks for a pass over each cluster with pods on a changed node."""

    def __init__(
        self,
        api: ObjectReader,
        nodes: NodeStore,
        store: ObjectStore,
        request_pass: Callable[[ClusterKey], None],
        *,
        relist_interval: timedelta = timedelta(minutes=5),
    ) -> None:
        """All nodes are listed again every `relist_interval`."""
        self._nodes = nodes
        self._store = store
        self._request_pass = request_pass
        self.reflector = Reflector(api, Selection(NODE), self, relist_seconds=relist_interval.total_seconds())

    async def start(self) -> bool:
        """List all nodes; returns whether this account may.

        Raises:
            ApiError: the API server could not be reached, or failed.
        """
        try:
            await self.reflector.list()
        except ApiError as error:
            if error.status != 403:
                raise
            _logger.warning(
                "nodes can't be watched, so workers on nodes that are reclaimed are not drained; grant the "
                "permission: %s",
                error,
            )
            return False
        return True

    async def run(self) -> None:
        """Keep the store up to date, forever; while that is not allowed, try again every half a minute."""
        await self.reflector.run()

    def newest(self) -> int:
        """The highest resourceVersion that was seen."""
        return self._nodes.newest()

    def relist(self) -> _NodeListing:
        """Begin to take a complete list."""
        return _NodeListing(self._nodes.relist(), self._request_passes)

    def see(self, event_type: str | None, node: KubernetesObject) -> None:
        """Take note of an event."""
        if self._nodes.remove(node) if event_type == DELETED else self._nodes.put(node):
            self._request_passes({name_of(node)})

    def _request_passes(self, nodes: set[str]) -> None:
        for key in self._store.clusters_on(nodes):
            self._request_pass(key)


@dataclass(frozen=True)
class _NodeListing:
    relist: NodeRelist
    request_passes: Callable[[set[str]], None]

    def reset(self) -> None:
        self.relist.reset()

    def add(self, items: Iterable[KubernetesObject]) -> None:
        self.relist.add(items)

    def finish(self, resource_version: int) -> None:
        self.request_passes(self.relist.finish(resource_version))

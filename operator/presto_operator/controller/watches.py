"""What the watches do with an event, and the lists that make up for events that they miss."""

from __future__ import annotations

import logging
from collections.abc import Callable

from presto_operator.controller.scope import EVERYWHERE, Scope
from presto_operator.kube import (
    CHILD_KINDS,
    NODE,
    POD,
    PRESTO_CLUSTER,
    ApiError,
    ClusterKey,
    NodeStore,
    ObjectReader,
    ObjectStore,
)
from presto_operator.objects import CLUSTER_LABEL, KubernetesObject, name_of
from presto_operator.telemetry import metrics

DELETED = "DELETED"
"""The type of a watch event about an object that is gone."""

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
    ) -> None:
        """Objects outside of `scope` are ignored."""
        self._api = api
        self._store = store
        self._request_pass = request_pass
        self._scope = scope
        self.is_synced = False
        """Whether everything was listed once. Before that, no decision can be taken."""

    def see(self, event_type: str | None, obj: KubernetesObject) -> None:
        """Take note of an event."""
        if not self._is_included(obj):
            return
        key = self._store.remove(obj) if event_type == DELETED else self._store.put(obj)
        if key is not None:
            self._request_pass(key)
        metrics.clusters.set(len(self._store.clusters()))

    async def list_all(self) -> None:
        """List everything.

        Raises:
            ApiError: the API server refused, or could not be reached.
        """
        for kind in (*CHILD_KINDS, POD, PRESTO_CLUSTER):
            selector = None if kind is PRESTO_CLUSTER else CLUSTER_LABEL
            for namespace in self._scope.namespaces or (None,):
                listing = await self._api.list(kind, namespace=namespace, label_selector=selector)
                items = [item for item in listing.items if self._is_included(item)]
                for key in self._store.replace_all(kind, items, listing.resource_version, namespace=namespace):
                    self._request_pass(key)
        self.is_synced = True

    def _is_included(self, obj: KubernetesObject) -> bool:
        return self._scope.includes(obj["metadata"]["namespace"])


class NodeWatch:
    """Keeps the store of nodes up to date, and asks for a pass over each cluster with pods on a changed node."""

    def __init__(
        self,
        api: ObjectReader,
        nodes: NodeStore,
        store: ObjectStore,
        request_pass: Callable[[ClusterKey], None],
    ) -> None:
        self._api = api
        self._nodes = nodes
        self._store = store
        self._request_pass = request_pass

    async def start(self) -> bool:
        """List all nodes; returns whether this account may, and so whether nodes are to be watched.

        Raises:
            ApiError: the API server could not be reached, or failed.
        """
        try:
            await self._list_all()
        except ApiError as error:
            if error.status != 403:
                raise
            metrics.nodes_known.set(0)
            _logger.warning(
                "nodes can't be watched, so workers on nodes that are reclaimed are not drained; grant the permission "
                "and restart the operator: %s",
                error,
            )
            return False
        metrics.nodes_known.set(1)
        return True

    def see(self, event_type: str | None, node: KubernetesObject) -> None:
        """Take note of an event."""
        if self._nodes.remove(node) if event_type == DELETED else self._nodes.put(node):
            self._request_passes({name_of(node)})

    async def list_again(self) -> None:
        """List all nodes, unless `start` found that this account may not.

        Raises:
            ApiError: the API server refused, or could not be reached.
        """
        if self._nodes.is_synced:
            await self._list_all()

    async def _list_all(self) -> None:
        listing = await self._api.list(NODE)
        self._request_passes(self._nodes.replace_all(listing.items, listing.resource_version))

    def _request_passes(self, nodes: set[str]) -> None:
        for key in self._store.clusters_on(nodes):
            self._request_pass(key)

"""The running operator: kopf's watches feed the store, and workers reconcile what they wake up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any

import kopf
from aiohttp import web

from presto_operator.api import PLURAL, VERSION
from presto_operator.controller.queue import WorkQueue
from presto_operator.controller.reclaimer import Reclaimer
from presto_operator.controller.reconcile import Reconciler
from presto_operator.kube import (
    CHILD_KINDS,
    NODE,
    POD,
    PRESTO_CLUSTER,
    ApiError,
    ClusterKey,
    Kind,
    KubernetesClient,
    Listing,
    NodeStore,
    ObjectStore,
)
from presto_operator.nodes import TaintMeaning
from presto_operator.objects import CLUSTER_LABEL, GROUP, KubernetesObject, name_of
from presto_operator.planning.reclaim import node_digest
from presto_operator.polling.metastore_client import MetastoreCheck
from presto_operator.polling.metastore_poller import MetastorePoller
from presto_operator.polling.pace import steady_pace
from presto_operator.polling.presto_poller import PrestoPoller
from presto_operator.polling.presto_transport import PrestoReader
from presto_operator.settings import DEFAULTS, Settings
from presto_operator.telemetry import metrics
from presto_operator.telemetry.server import serve

_logger = logging.getLogger(__name__)

_CONCURRENT_PASSES = 8
_START_RETRY_SECONDS = 5.0
_HEARTBEAT_LIMIT_SECONDS = 120.0


class Operator:
    """Everything that runs, started and stopped with kopf."""

    def __init__(
        self,
        *,
        namespaces: tuple[str, ...],
        metrics_port: int,
        extra_taints: tuple[TaintMeaning, ...] = (),
        settings: Settings = DEFAULTS,
    ) -> None:
        self._namespaces = namespaces
        self._settings = settings
        self._extra_taints = extra_taints
        self._registry = kopf.OperatorRegistry()
        self._metrics_port = metrics_port
        self._store = ObjectStore()
        self._nodes = NodeStore(self._digest)
        self._queue: WorkQueue[ClusterKey] = WorkQueue(expected_errors=(ApiError,))
        self._client: KubernetesClient | None = None
        self._presto: PrestoReader | None = None
        self._poller: PrestoPoller | None = None
        self._metastores: MetastorePoller | None = None
        self._server: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._is_synced = False
        self._last_heartbeat = 0.0

    def registry(self) -> kopf.OperatorRegistry:
        """The handlers that kopf shall call.

        Plain event handlers only: kopf's timers and daemons would put a finalizer on every cluster, and its change
        handlers an annotation with a copy of it.
        """
        registry = self._registry
        kopf.on.login(registry=registry)(_log_in)
        kopf.on.startup(registry=registry)(self._start)
        kopf.on.cleanup(registry=registry)(self._stop)
        kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)(self._see)
        for kind in (*CHILD_KINDS, POD):
            kopf.on.event(
                kind.group,
                kind.api_version.rpartition("/")[2],
                kind.plural,
                labels={CLUSTER_LABEL: kopf.PRESENT},
                registry=registry,
            )(self._see)
        return registry

    async def _start(self, settings: kopf.OperatorSettings, **_: Any) -> None:
        _configure(settings)
        self._last_heartbeat = asyncio.get_running_loop().time()
        if self._server is None:
            self._server = await serve(
                self._metrics_port, is_healthy=self._is_alive, is_ready=lambda: self._is_synced and self._is_alive()
            )
        if self._client is None:
            self._client = await KubernetesClient.connect()
        try:
            await self._resync()
            await self._start_with_nodes()
        except ApiError as error:
            raise kopf.TemporaryError(
                f"can't list what there is: {error}. Is the CustomResourceDefinition installed "
                "(presto-operator crd | kubectl apply --server-side -f -), and may this account list it?",
                delay=_START_RETRY_SECONDS,
            ) from error
        self._presto = reader = PrestoReader(self._client)
        self._poller = PrestoPoller(reader, self._queue.add, _now, steady_pace(self._settings.presto_poll_interval))
        self._metastores = MetastorePoller(
            self._queue.add,
            MetastoreCheck(in_cluster=self._client.in_cluster),
            self._settings.metastore_poll_interval,
        )
        reclaimer = Reclaimer(self._client, self._store, self._nodes, extra_taints=self._extra_taints)
        reconciler = Reconciler(
            self._client, self._store, self._poller, self._metastores, reclaimer, _now, settings=self._settings
        )
        self._tasks = [
            *(asyncio.create_task(self._queue.work(reconciler.reconcile)) for _ in range(_CONCURRENT_PASSES)),
            asyncio.create_task(self._keep_in_sync()),
            asyncio.create_task(self._beat()),
        ]

    async def _stop(self, **_: Any) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._poller is not None:
            await self._poller.close()
        if self._presto is not None:
            await self._presto.close()
        if self._metastores is not None:
            await self._metastores.close()
        if self._client is not None:
            await self._client.close()
        if self._server is not None:
            await self._server.cleanup()

    async def _see(self, type: str | None, body: kopf.Body, **_: Any) -> None:  # noqa: A002 - kopf's name
        obj: KubernetesObject = dict(body)
        key = self._store.remove(obj) if type == "DELETED" else self._store.put(obj)
        if key is not None:
            self._queue.add(key)
        metrics.clusters.set(len(self._store.clusters()))

    async def _start_with_nodes(self) -> None:
        """Watch nodes, if this account may: kopf would give up on a watch that is refused."""
        try:
            await self._resync_nodes()
        except ApiError as error:
            if error.status != 403:
                raise
            metrics.nodes_known.set(0)
            _logger.warning("nodes can't be watched, so that reclaims go unnoticed until a restart: %s", error)
            return
        metrics.nodes_known.set(1)
        kopf.on.event(NODE.group, NODE.api_version, NODE.plural, registry=self._registry)(self._see_node)

    async def _see_node(self, type: str | None, body: kopf.Body, **_: Any) -> None:  # noqa: A002 - kopf's name
        node: KubernetesObject = dict(body)
        is_news = self._nodes.remove(node) if type == "DELETED" else self._nodes.put(node)
        if is_news:
            self._wake_clusters_on({name_of(node)})

    async def _resync_nodes(self) -> None:
        assert self._client is not None
        listing = await self._client.list(NODE)
        self._wake_clusters_on(self._nodes.replace_all(listing.items, listing.resource_version))

    def _wake_clusters_on(self, nodes: set[str]) -> None:
        for key in self._store.clusters_on(nodes):
            # A node that goes gives its workers seconds, and hundreds of other clusters may be due for their look.
            self._queue.add_urgently(key)

    def _digest(self, node: KubernetesObject) -> Hashable:
        return node_digest(node, _now(), self._extra_taints)

    async def _resync(self) -> None:
        """List everything. Nothing is decided before this has been done once: half a picture would mislead."""
        for kind in (*CHILD_KINDS, POD, PRESTO_CLUSTER):
            for namespace in self._namespaces or (None,):
                listing = await self._list(kind, namespace)
                for key in self._store.replace_all(kind, listing.items, listing.resource_version, namespace=namespace):
                    self._queue.add(key)
        self._is_synced = True

    async def _list(self, kind: Kind, namespace: str | None) -> Listing:
        assert self._client is not None
        selector = None if kind is PRESTO_CLUSTER else CLUSTER_LABEL
        return await self._client.list(kind, namespace=namespace, label_selector=selector)

    async def _keep_in_sync(self) -> None:
        while True:
            await asyncio.sleep(self._settings.relist_interval.total_seconds())
            # The watches go on meanwhile, and the next round tries again.
            with contextlib.suppress(ApiError):
                await self._resync()
                if self._nodes.is_synced:
                    await self._resync_nodes()

    async def _beat(self) -> None:
        """Show that the event loop turns: a handler that blocks it stops this, and the liveness probe sees it."""
        while True:
            self._last_heartbeat = asyncio.get_running_loop().time()
            metrics.queue_length.set(len(self._queue))
            await asyncio.sleep(1.0)

    def _is_alive(self) -> bool:
        return asyncio.get_running_loop().time() - self._last_heartbeat < _HEARTBEAT_LIMIT_SECONDS and not any(
            task.done() for task in self._tasks
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _log_in(**arguments: Any) -> kopf.ConnectionInfo | None:
    """The account of kopf's watches: the one that KubernetesClient.connect finds, too."""
    return kopf.login_via_client(**arguments)


def _configure(settings: kopf.OperatorSettings) -> None:
    settings.posting.enabled = False  # Events are ours, and tell of decisions rather than of handlers.
    settings.networking.request_timeout = 30
    settings.watching.server_timeout = 300
    settings.watching.inactivity_timeout = 90
    for kind in (*CHILD_KINDS, POD):
        # The API server sends us only what belongs to a cluster: there may be thousands of other pods.
        settings.watching.label_selectors[kind.group, kind.plural] = CLUSTER_LABEL


async def run(
    *,
    namespaces: tuple[str, ...],
    metrics_port: int,
    extra_taints: tuple[TaintMeaning, ...] = (),
    settings: Settings = DEFAULTS,
) -> None:
    """Run the operator until it is told to stop.

    Args:
        namespaces: the namespaces to look after; none means all of them.
        metrics_port: where to serve /healthz, /readyz and /metrics.
        extra_taints: what taints of nodes mean, beside those that are known.
        settings: how often what is done.
    """
    operator = Operator(namespaces=namespaces, metrics_port=metrics_port, extra_taints=extra_taints, settings=settings)
    await kopf.operator(
        registry=operator.registry(), standalone=True, clusterwide=not namespaces, namespaces=list(namespaces)
    )

"""The running operator: kopf's watches feed the stores, and workers reconcile the clusters that changed."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Coroutine, Iterator
from typing import Any

import kopf

from presto_operator.api import PLURAL, VERSION
from presto_operator.controller.assembly import Assembly, assemble
from presto_operator.controller.scope import EVERYWHERE, Scope
from presto_operator.kube import CHILD_KINDS, NODE, POD, ApiError, KubernetesClient
from presto_operator.nodes import TaintMeaning
from presto_operator.objects import CLUSTER_LABEL, GROUP
from presto_operator.settings import DEFAULTS, Settings
from presto_operator.telemetry import metrics, serve

_CONCURRENT_PASSES = 8
_CONCURRENT_RECLAIMS = 32
"""Clusters whose nodes are reacted to at the same time. They are workers of their own, which no pass can take."""
_START_RETRY_SECONDS = 5.0
_HEARTBEAT_SECONDS = 1.0
_HEARTBEAT_LIMIT_SECONDS = 120.0


class Operator:
    """Runs the parts of an operator: kopf calls it for every event, and to start it."""

    def __init__(self, parts: Assembly, settings: Settings) -> None:
        self._parts = parts
        self._relist_seconds = settings.relist_interval.total_seconds()
        self._registry = kopf.OperatorRegistry()
        self._tasks: list[asyncio.Task[None]] = []
        self._last_heartbeat = -math.inf

    def registry(self) -> kopf.OperatorRegistry:
        """The handlers that kopf calls.

        Plain event handlers only: kopf's timers and daemons would put a finalizer on every cluster, and its change
        handlers an annotation with a copy of it.
        """
        registry = self._registry
        kopf.on.login(registry=registry)(_log_in)
        kopf.on.startup(registry=registry)(self._start)
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

    @property
    def is_alive(self) -> bool:
        """Whether the event loop turns and every task runs."""
        is_turning = asyncio.get_running_loop().time() - self._last_heartbeat < _HEARTBEAT_LIMIT_SECONDS
        return is_turning and not any(task.done() for task in self._tasks)

    @property
    def is_ready(self) -> bool:
        """Whether clusters are reconciled."""
        return self._parts.object_watch.is_synced and self.is_alive

    async def stop(self) -> None:
        """Stop reconciling. A pass that runs is cancelled: the next operator begins it again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _start(self, settings: kopf.OperatorSettings, **_: Any) -> None:
        _configure(settings)
        self._beat()
        try:
            await self._parts.object_watch.list_all()
            # kopf would give up if a watch were refused.
            if await self._parts.node_watch.start():
                kopf.on.event(NODE.group, NODE.api_version, NODE.plural, registry=self._registry)(self._see_node)
        except ApiError as error:
            raise kopf.TemporaryError(
                f"can't list what there is: {error}. Is the CustomResourceDefinition installed "
                "(presto-operator crd | kubectl apply --server-side -f -), and may this account list it?",
                delay=_START_RETRY_SECONDS,
            ) from error
        self._tasks = [
            *(asyncio.create_task(work) for work in workers(self._parts)),
            asyncio.create_task(self._keep_in_sync()),
            asyncio.create_task(self._keep_beating()),
        ]

    async def _see(self, type: str | None, body: kopf.Body, **_: Any) -> None:  # noqa: A002 - kopf's name
        self._parts.object_watch.see(type, dict(body))

    async def _see_node(self, type: str | None, body: kopf.Body, **_: Any) -> None:  # noqa: A002 - kopf's name
        self._parts.node_watch.see(type, dict(body))

    async def _keep_in_sync(self) -> None:
        while True:
            await asyncio.sleep(self._relist_seconds)
            # The watches go on meanwhile, and the next round tries again.
            with contextlib.suppress(ApiError):
                await self._parts.object_watch.list_all()
                await self._parts.node_watch.list_again()

    async def _keep_beating(self) -> None:
        """Show that the event loop turns: a handler that blocks it stops this, and the liveness probe fails."""
        while True:
            self._beat()
            metrics.queue_length.set(len(self._parts.queue))
            await asyncio.sleep(_HEARTBEAT_SECONDS)

    def _beat(self) -> None:
        self._last_heartbeat = asyncio.get_running_loop().time()


def workers(parts: Assembly) -> Iterator[Coroutine[Any, Any, None]]:
    """What works on the queues, forever: of passes, and of reclaims."""
    for _ in range(_CONCURRENT_PASSES):
        yield parts.queue.work(parts.reconciler.reconcile)
    for _ in range(_CONCURRENT_RECLAIMS):
        yield parts.reclaims.work(parts.reconciler.reclaim)


def _log_in(**arguments: Any) -> kopf.ConnectionInfo | None:
    """The account of kopf's watches: the one that KubernetesClient.connect finds, too."""
    return kopf.login_via_client(**arguments)


def _configure(settings: kopf.OperatorSettings) -> None:
    settings.posting.enabled = False  # Our own Events are about decisions, kopf's would be about handlers.
    settings.networking.request_timeout = 30
    settings.watching.server_timeout = 300
    settings.watching.inactivity_timeout = 90
    for kind in (*CHILD_KINDS, POD):
        # The API server sends us only what belongs to a cluster: there may be thousands of other pods.
        settings.watching.label_selectors[kind.group, kind.plural] = CLUSTER_LABEL


async def run(
    *,
    scope: Scope = EVERYWHERE,
    metrics_port: int,
    extra_taints: tuple[TaintMeaning, ...] = (),
    settings: Settings = DEFAULTS,
) -> None:
    """Run the operator until the process is told to stop.

    Args:
        scope: the namespaces whose clusters are managed, and what those may ask for.
        metrics_port: the port of /healthz, /readyz and /metrics.
        extra_taints: the meaning of taints of nodes, in addition to the known ones.
        settings: how often things are done.
    """
    async with contextlib.AsyncExitStack() as stack:
        client = await KubernetesClient.connect()
        stack.push_async_callback(client.close)
        parts = assemble(client, scope=scope, extra_taints=extra_taints, settings=settings)
        stack.push_async_callback(parts.close)
        operator = Operator(parts, settings)
        stack.push_async_callback(operator.stop)
        server = await serve(metrics_port, is_healthy=lambda: operator.is_alive, is_ready=lambda: operator.is_ready)
        stack.push_async_callback(server.cleanup)
        await kopf.operator(
            registry=operator.registry(),
            standalone=True,
            clusterwide=not scope.namespaces,
            namespaces=list(scope.namespaces),
        )

"""The running operator: watches feed the stores, and workers reconcile the clusters that changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

from presto_operator.controller.assembly import Assembly, assemble
from presto_operator.controller.cluster_watch import ClusterWatch
from presto_operator.controller.scope import EVERYWHERE, Scope
from presto_operator.kube import ApiError, KubernetesClient
from presto_operator.nodes import TaintMeaning
from presto_operator.settings import DEFAULTS, Settings
from presto_operator.telemetry import metrics, serve

_CONCURRENT_PASSES = 8
_CONCURRENT_RECLAIMS = 32
"""Clusters whose nodes are reacted to at the same time. They are workers of their own, which no pass can take."""
_START_RETRY_SECONDS = 5.0
_HEARTBEAT_SECONDS = 1.0
_HEARTBEAT_LIMIT_SECONDS = 120.0
_OLDEST_WATCH_SECONDS = 150.0
"""A watch without news for longer has lost the API server: bookmarks come every minute, and 90 s without any end it."""

_logger = logging.getLogger(__name__)


class Operator:
    """Runs the parts of an operator."""

    def __init__(self, parts: Assembly) -> None:
        self._parts = parts
        self._tasks: list[asyncio.Task[None]] = []
        self._last_heartbeat = -math.inf

    @property
    def is_alive(self) -> bool:
        """Whether the event loop turns and every task runs."""
        is_turning = asyncio.get_running_loop().time() - self._last_heartbeat < _HEARTBEAT_LIMIT_SECONDS
        return is_turning and not any(task.done() for task in self._tasks)

    @property
    def is_ready(self) -> bool:
        """Whether clusters are reconciled, by what the API server has said in the last minutes."""
        are_fresh = all(reflector.age() < _OLDEST_WATCH_SECONDS for reflector in self._parts.object_watch.reflectors)
        return self._parts.object_watch.is_synced and are_fresh and self.is_alive

    def start(self) -> None:
        """Begin to watch, and to reconcile once everything is known."""
        self._beat()
        self._run(self._keep_beating())
        self._run(self._work())

    async def stop(self) -> None:
        """Stop reconciling. A pass that runs is cancelled: the next operator begins it again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self) -> None:
        parts = self._parts
        await _until_done(parts.object_watch.list_all)
        await _until_done(parts.node_watch.start)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(parts.object_watch.run())
            tasks.create_task(parts.node_watch.run())
            for work in workers(parts):
                tasks.create_task(work)

    async def _keep_beating(self) -> None:
        """Show that the event loop turns: a handler that blocks it stops this, and the liveness probe fails."""
        while True:
            self._beat()
            metrics.queue_length.set(len(self._parts.queue))
            self._show_ages()
            await asyncio.sleep(_HEARTBEAT_SECONDS)

    def _show_ages(self) -> None:
        nodes = self._parts.node_watch.reflector
        ages: dict[str, float] = {}
        for reflector in (*self._parts.object_watch.reflectors, nodes):
            ages[reflector.kind] = max(ages.get(reflector.kind, 0.0), reflector.age())
        metrics.observe_watches(ages)
        metrics.nodes_known.set(nodes.age() < _OLDEST_WATCH_SECONDS)

    def _beat(self) -> None:
        self._last_heartbeat = asyncio.get_running_loop().time()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))


def workers(parts: Assembly) -> Iterator[Coroutine[Any, Any, None]]:
    """What works on the queues, forever: of passes, and of reclaims."""
    for _ in range(_CONCURRENT_PASSES):
        yield parts.queue.work(parts.reconciler.reconcile)
    for _ in range(_CONCURRENT_RECLAIMS):
        yield parts.reclaims.work(parts.reconciler.reclaim)


async def _until_done(first_list: Callable[[], Awaitable[object]]) -> None:
    """List for the first time, however long that takes."""
    while True:
        try:
            await first_list()
        except Exception as error:
            _logger.warning(
                "can't list what there is: %s. Is the CustomResourceDefinition installed "
                "(presto-operator crd | kubectl apply --server-side -f -), and may this account list it? "
                "Trying again in %.0f s",
                error,
                _START_RETRY_SECONDS,
                exc_info=not isinstance(error, ApiError),
            )
            await asyncio.sleep(_START_RETRY_SECONDS)
        else:
            return


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
        parts = assemble(client, scope=scope, extra_taints=extra_taints, settings=settings, clock=client.clock.now)
        stack.push_async_callback(parts.close)
        operator = Operator(parts)
        stack.push_async_callback(operator.stop)
        server = await serve(metrics_port, is_healthy=lambda: operator.is_alive, is_ready=lambda: operator.is_ready)
        stack.push_async_callback(server.cleanup)
        operator.start()
        watch = ClusterWatch(parts.object_watch.see, parts.object_watch.ask_for_clusters, scope=scope)
        await watch.run()

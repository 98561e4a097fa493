"""Puts the operator's parts together. No other module creates a part that has collaborators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from presto_operator.controller.drain_reporter import DrainReporter
from presto_operator.controller.executor import Executor
from presto_operator.controller.hash_keys import HashKeys
from presto_operator.controller.load import LoadReader
from presto_operator.controller.queue import WorkQueue
from presto_operator.controller.reclaimer import Reclaimer
from presto_operator.controller.reconcile import Reconciler
from presto_operator.controller.record_reader import RecordReader
from presto_operator.controller.releaser import Releaser
from presto_operator.controller.reporter import Reporter
from presto_operator.controller.scope import EVERYWHERE, Scope
from presto_operator.controller.spec_reader import SpecReader
from presto_operator.controller.turns import Turns
from presto_operator.controller.watches import NodeWatch, ObjectWatch
from presto_operator.kube import (
    ApiError,
    ApiServer,
    Applier,
    ClusterKey,
    NodeStore,
    ObjectStore,
    SecretCopies,
    SourceReader,
)
from presto_operator.nodes import Sightings, TaintMeaning
from presto_operator.planning import node_digest
from presto_operator.polling import (
    MetastoreCheck,
    MetastorePoller,
    Metastores,
    Pace,
    PrestoPoller,
    PrestoTransport,
    QueryReader,
    SeldomAsked,
    TaskReader,
    steady_pace,
)
from presto_operator.settings import DEFAULTS, Settings


def utc_now() -> datetime:
    """The time, by the system's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Assembly:
    """The operator's parts."""

    store: ObjectStore
    """The clusters, their children and their pods."""
    nodes: NodeStore
    queue: WorkQueue[ClusterKey]
    """The clusters that wait for a pass."""
    reclaims: WorkQueue[ClusterKey]
    """The clusters that have pods on nodes that have just signalled something."""
    object_watch: ObjectWatch
    node_watch: NodeWatch
    reconciler: Reconciler
    presto: tuple[PrestoTransport, ...]
    poller: PrestoPoller
    queries: QueryReader
    tasks: TaskReader
    metastores: Metastores

    async def close(self) -> None:
        """End all polls, and close the connections to Presto. The API server's belong to the caller of `assemble`."""
        await self.poller.close()
        await self.queries.close()
        await self.tasks.close()
        await self.metastores.close()
        for transport in self.presto:
            await transport.close()


def assemble(
    api: ApiServer,
    *,
    scope: Scope = EVERYWHERE,
    extra_taints: tuple[TaintMeaning, ...] = (),
    settings: Settings = DEFAULTS,
    clock: Callable[[], datetime] = utc_now,
    pace: Pace | None = None,
    metastores: Metastores | None = None,
) -> Assembly:
    """An operator that does nothing yet.

    Args:
        api: the API server.
        scope: the namespaces whose clusters are managed, and what those may ask for.
        extra_taints: the meaning of taints of nodes, in addition to the known ones.
        settings: how often things are done.
        clock: the time.
        pace: when coordinators are polled; defaults to every `settings.presto_poll_interval`.
        metastores: what is known of metastores; defaults to a poller that checks them.
    """
    store = ObjectStore()
    sightings = Sightings()
    nodes = NodeStore(lambda node: node_digest(node, clock(), extra_taints, sightings))
    queue: WorkQueue[ClusterKey] = WorkQueue(expected_errors=(ApiError,))
    reclaim_queue: WorkQueue[ClusterKey] = WorkQueue(expected_errors=(ApiError,))

    def request_reclaim(key: ClusterKey) -> None:
        reclaim_queue.add(key)
        queue.add_urgently(key)

    presto = PrestoTransport(api)
    seldom = SeldomAsked()
    poller = PrestoPoller(presto, queue.add, clock, pace or steady_pace(settings.presto_poll_interval), seldom)
    queries = QueryReader(presto, queue.add, clock, seldom)
    # Answers about tasks have a budget of their own: a hundred workers are asked at once.
    workers = PrestoTransport(api)
    tasks = TaskReader(workers, queue.add, clock)
    metastores = metastores or MetastorePoller(
        queue.add, MetastoreCheck(in_cluster=api.in_cluster), settings.metastore_poll_interval
    )
    reclaimer = Reclaimer(api, store, nodes, extra_taints=extra_taints, sightings=sightings)
    releaser = Releaser(api, store, tasks)
    reconciler = Reconciler(
        store=store,
        secrets=SecretCopies(api, store, clock, settings.reference_interval),
        specs=SpecReader(
            SourceReader(api, clock, settings.reference_interval),
            HashKeys(api),
            worker_min_ready=settings.worker_min_ready,
            policy=scope.policy,
        ),
        records=RecordReader(api),
        turns=Turns(store, settings.max_new_generations),
        load=LoadReader(poller),
        metastores=metastores,
        queries=queries,
        seldom=seldom,
        reclaimer=reclaimer,
        releaser=releaser,
        executor=Executor(Applier(api, store), releaser, reclaimer),
        drains=DrainReporter(api, store, nodes),
        reporter=Reporter(api, store, settings.status_interval),
        clock=clock,
        settings=settings,
    )
    return Assembly(
        store=store,
        nodes=nodes,
        queue=queue,
        reclaims=reclaim_queue,
        object_watch=ObjectWatch(api, store, queue.add, scope=scope, relist_interval=settings.relist_interval),
        node_watch=NodeWatch(api, nodes, store, request_reclaim, relist_interval=settings.relist_interval),
        reconciler=reconciler,
        presto=(presto, workers),
        poller=poller,
        queries=queries,
        tasks=tasks,
        metastores=metastores,
    )

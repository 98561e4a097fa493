"""The reconcile loop: see, decide, carry out, report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from presto_operator.controller.drain_reporter import DrainReporter
from presto_operator.controller.executor import Executor
from presto_operator.controller.load import LoadReader
from presto_operator.controller.reclaimer import Reclaimer
from presto_operator.controller.releaser import Releaser
from presto_operator.controller.reporter import Reporter
from presto_operator.controller.spec_reader import SpecReader
from presto_operator.kube import (
    CHILD_KINDS,
    POD,
    ApiError,
    Applier,
    ClusterKey,
    KubernetesClient,
    ObjectStore,
    SourceReader,
)
from presto_operator.objects import KubernetesObject, is_lost, is_owned_by, is_terminating, uid_of
from presto_operator.planning.decision import Answers, Decision, cost_question, decide, draft
from presto_operator.planning.memory import memory_of
from presto_operator.planning.observation import Observation, observe
from presto_operator.planning.reclaim import NodeReader
from presto_operator.planning.seen import Reclaimed, Seen, Valid
from presto_operator.planning.serving import serving_generation
from presto_operator.polling.metastore_poller import MetastorePoller, probes
from presto_operator.polling.presto_poller import PrestoPoller
from presto_operator.polling.presto_queries import QueryReader
from presto_operator.presto.load import ClusterLoad
from presto_operator.reporting.report import After, Done, report
from presto_operator.settings import Settings
from presto_operator.telemetry import metrics


class Reconciler:
    """Brings one cluster after the other to what its spec asks for."""

    def __init__(
        self,
        client: KubernetesClient,
        store: ObjectStore,
        poller: PrestoPoller,
        metastores: MetastorePoller,
        reclaimer: Reclaimer,
        clock: Callable[[], datetime],
        *,
        settings: Settings,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._reclaimer = reclaimer
        self._drains = DrainReporter(client, store, reclaimer.nodes)
        sources = SourceReader(client, clock, settings.reference_interval)
        self._specs = SpecReader(sources, worker_min_ready=settings.worker_min_ready)
        self._load = LoadReader(poller)
        self._metastores = metastores
        self._queries = QueryReader(poller.reader)
        self._releaser = Releaser(client, store, poller.reader)
        self._executor = Executor(Applier(client, store), self._releaser, reclaimer)
        self._reporter = Reporter(client, store, settings.status_interval)

    async def reconcile(self, key: ClusterKey) -> float | None:
        """One pass over a cluster, from any state; returns after how many seconds to look again.

        Raises:
            ApiError: something could not be applied or written; the status says so where it could be written.
        """
        body = self._store.cluster(key)
        if body is None or is_terminating(body):
            self._forget(key)
            return None
        with metrics.reconcile_seconds.time(), metrics.reconcile_errors.count_exceptions():
            decision, done = await self._pass(key, body)
            if done.errors:
                raise ApiError(0, "; ".join(done.errors))
        interval = self._settings.handover_interval if decision.is_waiting else self._settings.reconcile_interval
        return interval.total_seconds()

    async def _pass(self, key: ClusterKey, body: KubernetesObject) -> tuple[Decision, Done]:
        nodes = self._reclaimer.reader(self._clock())
        # Pods on nodes that leave come first: they have little time, and it takes nothing of what follows.
        reclaimed = await self._reclaimer.act(key, body, nodes, self._clock())
        await self._drains.report(key, body, self._clock())
        seen = await self._see(key, body, nodes, reclaimed)
        await self._releaser.verify(key, seen)
        drafted = draft(seen)
        decision = decide(seen, drafted, await self._ask(key, drafted.questions))
        self._load.keep(key, body, decision.autoscaled)
        done = await self._executor.carry_out(key, seen, decision)
        after = await self._after(key, seen, decision)
        await self._reporter.publish(key, seen, report(seen, decision, done, after), after)
        return decision, done

    def _forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more. Kubernetes' garbage collector removes its children."""
        self._specs.forget(key)
        self._reporter.forget(key)
        self._load.forget(key)
        self._metastores.forget(key)
        self._store.take_departed(key)
        metrics.forget_cluster(key.namespace, key.name)

    async def _see(
        self, key: ClusterKey, body: KubernetesObject, nodes: NodeReader | None, reclaimed: Reclaimed
    ) -> Seen:
        spec = await self._specs.read(key, body)
        now = self._clock()
        memory = memory_of(body, self._load.newest_record(key, body))
        observation = self._observe(key, body, nodes, now)
        serving = serving_generation(observation, key.name, memory.serving_generation)
        if isinstance(spec, Valid):
            self._metastores.watch(key, probes(spec.cluster))
        load = await self._load.read(key, spec, observation, serving.name if serving is not None else None, now)
        observation = replace(observation, load=load.newest)
        return Seen(
            body=body,
            now=now,
            memory=memory,
            spec=spec,
            observation=observation,
            serving=serving,
            nodes=nodes,
            last_load=load.last,
            reclaimed=reclaimed,
            metastore=self._metastores.findings(key),
        )

    def _observe(
        self,
        key: ClusterKey,
        body: KubernetesObject,
        nodes: NodeReader | None,
        now: datetime,
        load: ClusterLoad | None = None,
    ) -> Observation:
        uid = uid_of(body)
        children = [obj for obj in self._store.list(key, *CHILD_KINDS) if is_owned_by(obj, uid)]
        pods = [pod for pod in self._store.list(key, POD) if not is_lost(pod, now)]
        return observe(children, pods, nodes, load)

    async def _ask(self, key: ClusterKey, generations: frozenset[str]) -> Answers:
        return {generation: await self._queries.activity(key, generation) for generation in sorted(generations)}

    async def _after(self, key: ClusterKey, seen: Seen, decision: Decision) -> After:
        observation = self._observe(key, seen.body, seen.nodes, seen.now, seen.observation.load)
        remembered = decision.plan.serving_generation if decision.plan is not None else seen.memory.serving_generation
        serving = serving_generation(observation, key.name, remembered)
        name = serving.name if serving is not None else None
        activity = decision.activity if decision.asked != name else None
        if (question := cost_question(decision, seen, name)) is not None:
            activity = await self._queries.activity(key, question)
        return After(observation, name, activity, self._clock())

"""The reconcile loop: see, decide, carry out, report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from presto_operator.controller.drain_reporter import DrainReporter
from presto_operator.controller.executor import Executor
from presto_operator.controller.load import LoadReader
from presto_operator.controller.reclaimer import Reclaimer
from presto_operator.controller.releaser import Releaser
from presto_operator.controller.reporter import Reporter
from presto_operator.controller.spec_reader import SpecReader
from presto_operator.kube import CHILD_KINDS, POD, ApiError, ClusterKey, ObjectStore
from presto_operator.objects import EventReason, KubernetesObject, Notice, is_lost, is_owned_by, is_terminating, uid_of
from presto_operator.planning import (
    Decision,
    NodeSignals,
    Observation,
    Reclaimed,
    Seen,
    Valid,
    cost_question,
    decide,
    draft,
    memory_of,
    observe,
    serving_generation,
)
from presto_operator.polling import Metastores, QueryReader, SeldomAsked, probes
from presto_operator.presto import ClusterLoad
from presto_operator.reporting import After, Done, report
from presto_operator.settings import Settings
from presto_operator.telemetry import metrics


@dataclass(frozen=True)
class Reconciler:
    """Brings one cluster after the other to what its spec asks for."""

    store: ObjectStore
    specs: SpecReader
    load: LoadReader
    metastores: Metastores
    queries: QueryReader
    seldom: SeldomAsked
    reclaimer: Reclaimer
    releaser: Releaser
    executor: Executor
    drains: DrainReporter
    reporter: Reporter
    clock: Callable[[], datetime]
    settings: Settings

    async def reconcile(self, key: ClusterKey) -> float | None:
        """One pass over a cluster, from any state; returns after how many seconds to look again.

        Raises:
            ApiError: something could not be applied or written; the status says so where it could be written.
        """
        body = self.store.cluster(key)
        if body is None or is_terminating(body):
            self._forget(key)
            return None
        with metrics.reconcile_seconds.time(), metrics.reconcile_errors.count_exceptions():
            try:
                decision, done = await self._pass(key, body)
            except ApiError:
                raise
            except Exception as error:
                # A defect that one cluster brings out is that cluster's condition, and nobody else's delay.
                await self.reporter.publish_internal_error(key, self.store.cluster(key) or body, error, self.clock())
                raise
            if done.errors:
                raise ApiError(0, "; ".join(done.errors))
        is_waiting = decision is not None and decision.is_waiting
        return (self.settings.handover_interval if is_waiting else self.settings.reconcile_interval).total_seconds()

    async def reclaim(self, key: ClusterKey) -> None:
        """Delete the pods of a cluster whose nodes leave or are lost: beside the passes, so that none delays it.

        Raises:
            ApiError: some could not be deleted.
        """
        body = self.store.cluster(key)
        if body is None or is_terminating(body):
            return
        reclaimed = await self.reclaimer.act(key, body, self.reclaimer.signals(self.clock()), self.clock())
        if reclaimed.errors:
            raise ApiError(0, "; ".join(reclaimed.errors))

    async def _pass(self, key: ClusterKey, body: KubernetesObject) -> tuple[Decision | None, Done]:
        """What was decided and done. The decision is None if the pass has to be made again once Presto has answered."""
        nodes = self.reclaimer.signals(self.clock())
        # Pods on nodes that leave come first: they have little time, and it takes nothing of what follows.
        reclaimed = await self.reclaimer.act(key, body, nodes, self.clock())
        await self.drains.report(key, body, self.clock())
        await self._report_large_answers(key, body)
        seen = await self._see(key, body, nodes, reclaimed)
        if seen is None:
            return None, Done(reclaimed.errors)
        await self.releaser.verify(key, seen)
        # Those that were deleted beside the passes are among them.
        seen = replace(seen, reclaimed=replace(reclaimed, deleted=self.reclaimer.take_deleted(key)))
        drafted = draft(seen)
        decision = decide(seen, drafted, self.queries.answers(key, drafted.questions))
        if decision.plan is not None and not self.releaser.is_ready(key, seen, decision.plan):
            self.reclaimer.keep_deleted(key, seen.reclaimed.deleted)
            return None, Done(reclaimed.errors)
        done = await self.executor.carry_out(key, seen, decision)
        if decision.is_unanswered and not done.errors and not done.corrected:
            # What was done so far shows in the objects. The pass that the answer makes reports all of it.
            self.reclaimer.keep_deleted(key, seen.reclaimed.deleted)
            return decision, done
        self.load.keep(key, body, decision.autoscaled)
        after = self._after(key, seen, decision)
        await self.reporter.publish(key, seen, report(seen, decision, done, after), after)
        return decision, done

    async def _report_large_answers(self, key: ClusterKey, body: KubernetesObject) -> None:
        if message := self.seldom.take_news(key):
            notice = Notice("Warning", EventReason.PRESTO_ANSWERS_TOO_LARGE, message)
            await self.reporter.publish_notice(body, notice, self.clock())

    def _forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more. Kubernetes' garbage collector removes its children."""
        self.specs.forget(key)
        self.reporter.forget(key)
        self.load.forget(key)
        self.queries.forget(key)
        self.releaser.forget(key)
        self.reclaimer.take_deleted(key)
        self.seldom.forget(key)
        self.metastores.forget(key)
        self.store.take_departed(key)
        metrics.forget_cluster(key.namespace, key.name)

    async def _see(
        self, key: ClusterKey, body: KubernetesObject, nodes: NodeSignals | None, reclaimed: Reclaimed
    ) -> Seen | None:
        """None while the coordinator is polled for the first time: what it says decides what a cluster is like."""
        spec = await self.specs.read(key, body)
        now = self.clock()
        memory = memory_of(body, self.load.newest_record(key, body))
        observation = self._observe(key, body, nodes, now)
        serving = serving_generation(observation, key.name, memory.serving_generation)
        if isinstance(spec, Valid):
            self.metastores.watch(key, probes(spec.cluster))
        load = self.load.read(key, spec, observation, serving.name if serving is not None else None, now)
        if load is None:
            return None
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
            metastore=self.metastores.findings(key),
        )

    def _observe(
        self,
        key: ClusterKey,
        body: KubernetesObject,
        nodes: NodeSignals | None,
        now: datetime,
        load: ClusterLoad | None = None,
    ) -> Observation:
        uid = uid_of(body)
        children = [obj for obj in self.store.list(key, *CHILD_KINDS) if is_owned_by(obj, uid)]
        pods = [pod for pod in self.store.list(key, POD) if not is_lost(pod, now)]
        return observe(children, pods, nodes, load)

    def _after(self, key: ClusterKey, seen: Seen, decision: Decision) -> After:
        observation = self._observe(key, seen.body, seen.nodes, seen.now, seen.observation.load)
        remembered = decision.plan.serving_generation if decision.plan is not None else seen.memory.serving_generation
        serving = serving_generation(observation, key.name, remembered)
        name = serving.name if serving is not None else None
        activity = decision.activity if decision.asked != name else None
        is_awaited = decision.is_unanswered and decision.asked != name
        if seen.serving_name != name and (question := cost_question(decision, seen, name)) is not None:
            # An answer from before the switch isn't enough: clients could still send queries after it.
            self.queries.ask_anew(key, question)
            activity, is_awaited = None, True
        return After(observation, name, activity, self.clock(), is_awaited=is_awaited)

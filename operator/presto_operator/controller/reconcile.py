"""The reconcile loop: see, decide, carry out, report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from presto_operator.controller.drain_reporter import DrainReporter
from presto_operator.controller.executor import Executor
from presto_operator.controller.load import LoadReader
from presto_operator.controller.reclaimer import Reclaimer
from presto_operator.controller.record_reader import RecordReader
from presto_operator.controller.releaser import Releaser
from presto_operator.controller.reporter import Reporter
from presto_operator.controller.spec_reader import SpecReader
from presto_operator.controller.turns import Turns
from presto_operator.desired import RecordedGeneration
from presto_operator.kube import CHILD_KINDS, POD, ApiError, ClusterKey, ObjectStore, SecretCopies
from presto_operator.objects import EventReason, KubernetesObject, Notice, is_lost, is_owned_by, is_terminating, uid_of
from presto_operator.planning import (
    Decision,
    Memory,
    NodeSignals,
    Observation,
    Reclaimed,
    Seen,
    Spec,
    Valid,
    cost_question,
    decide,
    draft,
    memory_of,
    named_generations,
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
    secrets: SecretCopies
    specs: SpecReader
    records: RecordReader
    turns: Turns
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
        if body is None:
            self._forget(key)
            return None
        if is_terminating(body):
            return await self._attend_departure(key, body)
        body = self.reporter.remembered(key, body)
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
        # A pass that has to be made again, or that asks, is followed by one as soon as the answer has come.
        is_waiting = decision is not None and decision.is_waiting and not decision.is_asking
        return (self.settings.handover_interval if is_waiting else self.settings.reconcile_interval).total_seconds()

    async def _attend_departure(self, key: ClusterKey, body: KubernetesObject) -> float | None:
        """Look after the pods of a cluster that was deleted, and that a finalizer of something else holds.

        Nothing is created or changed for it, but its workers still drain in time when their nodes go.
        """
        self._stop_asking(key)
        now = self.clock()
        nodes = self.reclaimer.signals(now)
        if nodes is None:
            return None  # The first list of nodes asks for a pass.
        reclaimed = await self.reclaimer.act(key, body, nodes, now)
        await self.drains.report(key, body, now)
        if reclaimed.errors:
            raise ApiError(0, "; ".join(reclaimed.errors))
        return self.settings.reconcile_interval.total_seconds()

    async def reclaim(self, key: ClusterKey) -> None:
        """Delete the pods of a cluster whose nodes leave or are lost: beside the passes, so that none delays it.

        Raises:
            ApiError: some could not be deleted.
        """
        body = self.store.cluster(key)
        if body is None:
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
        await self.secrets.refresh(key)
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
        self._stop_asking(key)
        self.secrets.forget(key)
        self.executor.forget(key)
        self.store.forget(key)

    def _stop_asking(self, key: ClusterKey) -> None:
        """Stop polling for a cluster that is no more, or about to be, and withdraw its metrics."""
        self.specs.forget(key)
        self.reporter.forget(key)
        self.load.forget(key)
        self.records.forget(key)
        self.turns.forget(key)
        self.queries.forget(key)
        self.releaser.forget(key)
        self.reclaimer.take_deleted(key)
        self.seldom.forget(key)
        self.metastores.forget(key)
        metrics.forget_cluster(key.namespace, key.name)

    async def _see(
        self, key: ClusterKey, body: KubernetesObject, nodes: NodeSignals | None, reclaimed: Reclaimed
    ) -> Seen | None:
        """None while the coordinator is polled for the first time: what it says decides what a cluster is like."""
        spec = await self.specs.read(key, body)
        now = self.clock()
        memory = memory_of(body, self.load.newest_record(key, body))
        observation = self._observe(key, body, nodes, now)
        records = await self._records(key, body, spec, observation, memory)
        serving = serving_generation(
            observation,
            key.name,
            memory.serving_generation,
            has_served=memory.has_served,
            recorded=records,
            shares=memory.shares,
        )
        if isinstance(spec, Valid):
            self.metastores.watch(key, probes(spec.cluster))
        load = self.load.read(key, spec, observation, serving.name if serving is not None else None, now)
        if load is None:
            return None
        observation = replace(observation, load=load.newest)
        seen = Seen(
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
        return replace(seen, turn=self.turns.turn(key, seen))

    async def _records(
        self, key: ClusterKey, body: KubernetesObject, spec: Spec, observation: Observation, memory: Memory
    ) -> dict[str, RecordedGeneration]:
        """The generations that may serve and that the spec doesn't describe, as they were rendered."""
        names = named_generations(observation, key.name, memory.serving_generation)
        if isinstance(spec, Valid):
            names -= {spec.generation.name}
        self.records.forget(key, besides=names)
        found = {
            name: await self.records.read(key, observation, name, owner_uid=uid_of(body)) for name in sorted(names)
        }
        return {name: record for name, record in found.items() if record is not None}

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
        before = seen.serving
        recorded = {before.name: before.recorded} if before is not None and before.recorded is not None else {}
        serving = serving_generation(observation, key.name, remembered, recorded=recorded)
        name = serving.name if serving is not None else None
        activity = decision.activity if decision.asked != name else None
        is_awaited = decision.is_unanswered and decision.asked != name
        if seen.serving_name != name and (question := cost_question(decision, seen, name)) is not None:
            # An answer from before the switch isn't enough: clients could still send queries after it.
            self.queries.ask_anew(key, question)
            activity, is_awaited = None, True
        return After(observation, name, activity, self.clock(), is_awaited=is_awaited)

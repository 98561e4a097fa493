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
from presto_operator.kube import CHILD_KINDS, POD, ApiError, ClusterKey, ObjectStore, SecretCopies
from presto_operator.objects import KubernetesObject, is_lost, is_owned_by, is_terminating, uid_of
from presto_operator.planning import (
    Answers,
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
from presto_operator.polling import Metastores, QueryReader, probes
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
    load: LoadReader
    metastores: Metastores
    queries: QueryReader
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
        interval = self.settings.handover_interval if decision.is_waiting else self.settings.reconcile_interval
        return interval.total_seconds()

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

    async def _pass(self, key: ClusterKey, body: KubernetesObject) -> tuple[Decision, Done]:
        nodes = self.reclaimer.signals(self.clock())
        # Pods on nodes that leave come first: they have little time, and it takes nothing of what follows.
        reclaimed = await self.reclaimer.act(key, body, nodes, self.clock())
        await self.drains.report(key, body, self.clock())
        await self.secrets.refresh(key)
        seen = await self._see(key, body, nodes, reclaimed)
        await self.releaser.verify(key, seen)
        drafted = draft(seen)
        decision = decide(seen, drafted, await self._ask(key, drafted.questions))
        self.load.keep(key, body, decision.autoscaled)
        done = await self.executor.carry_out(key, seen, decision)
        after = await self._after(key, seen, decision)
        await self.reporter.publish(key, seen, report(seen, decision, done, after), after)
        return decision, done

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
        self.metastores.forget(key)
        metrics.forget_cluster(key.namespace, key.name)

    async def _see(
        self, key: ClusterKey, body: KubernetesObject, nodes: NodeSignals | None, reclaimed: Reclaimed
    ) -> Seen:
        spec = await self.specs.read(key, body)
        now = self.clock()
        memory = memory_of(body, self.load.newest_record(key, body))
        observation = self._observe(key, body, nodes, now)
        serving = serving_generation(observation, key.name, memory.serving_generation)
        if isinstance(spec, Valid):
            self.metastores.watch(key, probes(spec.cluster))
        load = await self.load.read(key, spec, observation, serving.name if serving is not None else None, now)
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

    async def _ask(self, key: ClusterKey, generations: frozenset[str]) -> Answers:
        return {generation: await self.queries.activity(key, generation) for generation in sorted(generations)}

    async def _after(self, key: ClusterKey, seen: Seen, decision: Decision) -> After:
        observation = self._observe(key, seen.body, seen.nodes, seen.now, seen.observation.load)
        remembered = decision.plan.serving_generation if decision.plan is not None else seen.memory.serving_generation
        serving = serving_generation(observation, key.name, remembered)
        name = serving.name if serving is not None else None
        activity = decision.activity if decision.asked != name else None
        if (question := cost_question(decision, seen, name)) is not None:
            activity = await self.queries.activity(key, question)
        return After(observation, name, activity, self.clock())

"""The reconcile loop: observe, validate, decide, build, apply, status."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from presto_operator.api import (
    FieldError,
    InvalidClusterError,
    PrestoCluster,
    RolloutStatus,
    duration_seconds,
    parse_cluster,
    parse_spec,
    references,
)
from presto_operator.controller.autoscaler import Autoscaler
from presto_operator.controller.drain_reporter import DrainReporter
from presto_operator.controller.reclaimer import Reclaimed, Reclaimer
from presto_operator.controller.releaser import Releaser
from presto_operator.desired import generation_name, retry_warnings
from presto_operator.kube import (
    CHILD_KINDS,
    POD,
    ApiError,
    Applier,
    ClusterKey,
    ForeignObjectError,
    KubernetesClient,
    ObjectStore,
    Outcome,
    SourceReader,
    publish,
)
from presto_operator.objects import (
    KubernetesObject,
    Notice,
    described,
    is_lost,
    is_owned_by,
    is_terminating,
    name_of,
    uid_of,
)
from presto_operator.planning.autoscale import Autoscaled, autoscaling_field, autoscaling_notices, autoscaling_verdicts
from presto_operator.planning.handover import Handover
from presto_operator.planning.last_worker import LAST_WORKER_MESSAGE, generation_to_ask, kept_workers
from presto_operator.planning.observation import Observation, PoolCount, Serving, pool_counts
from presto_operator.planning.plan import NOTHING_WAITS, Hold, Plan, plan
from presto_operator.planning.supply import limit_notices, observed_supply, recorded_limits, recorded_shares
from presto_operator.planning.verdict import Verdict
from presto_operator.polling.metastore_poller import MetastorePoller, probes
from presto_operator.polling.presto_poller import PrestoPoller
from presto_operator.polling.presto_queries import QueryReader
from presto_operator.presto.queries import QueryActivity
from presto_operator.presto.stats import ClusterStats
from presto_operator.reporting import conditions
from presto_operator.reporting.rollout_record import next_record, old_workers, recorded_rollout, rollout_news
from presto_operator.reporting.status import is_due, merge_patch, new_status, news
from presto_operator.settings import Settings
from presto_operator.telemetry import metrics

_logger = logging.getLogger(__name__)


@dataclass
class _Pass:
    """What one pass over a cluster found out so far."""

    now: datetime
    """When it began."""
    cluster: PrestoCluster | None = None
    plan: Plan | None = None
    scaled: Autoscaled | None = None
    """What autoscaling says; None: the spec can't be carried out."""
    asked: str | None = None
    """The generation whose queries matter to this pass."""
    activity: QueryActivity | None = None
    """Its queries; None if it could not be asked."""
    field_errors: list[FieldError] = field(default_factory=list)
    apply_errors: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)


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
        self._client = client
        self._autoscaler = Autoscaler(poller)
        self._metastores = metastores
        self._reclaimer = reclaimer
        self._drains = DrainReporter(client, store, reclaimer.nodes)
        self._store = store
        self._clock = clock
        self._applier = Applier(client, store)
        self._releaser = Releaser(client, store, poller.reader)
        self._sources = SourceReader(client, clock, settings.reference_interval)
        self._queries = QueryReader(poller.reader)
        self._status_written: dict[ClusterKey, datetime] = {}

    async def reconcile(self, key: ClusterKey) -> float | None:
        """One pass over a cluster, from any state; returns after how many seconds to look again.

        Raises:
            ApiError: something could not be applied or written; the status says so where it could be written.
        """
        body = self._store.cluster(key)
        if body is None or is_terminating(body):
            # The children have the cluster for their owner: Kubernetes' garbage collector removes them.
            self._status_written.pop(key, None)
            self._autoscaler.forget(key)
            self._metastores.forget(key)
            self._store.take_departed(key)
            metrics.forget_cluster(key.namespace, key.name)
            return None
        with metrics.reconcile_seconds.time(), metrics.reconcile_errors.count_exceptions():
            # First of all: what leaves has little time, and needs nothing of what follows.
            reclaimed = await self._reclaimer.act(key, body, self._clock())
            await self._drains.report(key, body, self._clock())
            found = await self._act(key, body, reclaimed)
            await self._reclaimer.move_coordinators(key, body, found.cluster, reclaimed, self._clock())
            found.apply_errors += reclaimed.errors
            await self._report(key, body, found)
            if found.apply_errors:
                raise ApiError(0, "; ".join(found.apply_errors))
        is_waiting = bool(reclaimed.coordinators) or (found.plan is not None and found.plan.hold.is_on)
        interval = self._settings.handover_interval if is_waiting else self._settings.reconcile_interval
        return interval.total_seconds()

    async def _act(self, key: ClusterKey, body: KubernetesObject, reclaimed: Reclaimed) -> _Pass:
        found = _Pass(self._clock())
        try:
            referred = {reference.source for reference in references(parse_spec(body))}
            found.cluster = parse_cluster(body, await self._sources.read(key.namespace, referred))
        except InvalidClusterError as invalid:
            found.field_errors = invalid.errors
            return found
        except ApiError as error:
            found.apply_errors.append(f"what the spec refers to can't be read: {error}")
            return found
        observation = self._observe(key, body, found.now)
        await self._releaser.verify(key, body, observation, found.now)
        found.scaled = await self._autoscaler.decide(key, body, found.cluster, observation, found.now)
        found.plan = await self._plan(key, body, observation, reclaimed, found)
        # What a roll-out does is no correction, though the spec be the same: an operator of another release makes one.
        is_changing = observation.serving_generation(key.name) not in (None, found.plan.wanted_generation)
        is_changing |= bool(old_workers(found.plan, observation) or observation.to_be_replaced)
        is_changing |= found.plan.placement.replicas_by_pool != recorded_shares(body.get("status", {}))
        is_settled = _is_settled(body) and not is_changing
        nodes = self._reclaimer.reader(found.now)
        to_delete = await self._releaser.choose(key, body, found.plan, observation, nodes, found.now)
        for desired in found.plan.apply:
            label = described(desired)
            try:
                outcome = await self._applier.apply(key, desired)
            except (ApiError, ForeignObjectError) as error:
                found.apply_errors.append(f"{label}: {error}")
                continue
            metrics.applies.labels(desired["kind"], outcome).inc()
            if outcome in (Outcome.CREATED, Outcome.UPDATED):
                _logger.info("%s: %s %s", key, label, outcome)
                if is_settled:
                    found.corrected.append(label)
        await self._scale(key, found)
        found.apply_errors += await self._releaser.delete(to_delete)
        if not found.apply_errors:
            await self._remove(key, found)
        return found

    async def _plan(
        self, key: ClusterKey, body: KubernetesObject, observation: Observation, reclaimed: Reclaimed, found: _Pass
    ) -> Plan:
        """What is to be done now; what would hurt clients waits."""
        cluster = found.cluster
        assert cluster is not None
        status = body.get("status", {})
        supply = observed_supply(
            cluster,
            observation,
            generation_name(cluster),
            self._reclaimer.reader(found.now),
            status=status,
            deleted=reclaimed.deleted,
            now=found.now,
        )
        serving = observation.serving_generation(key.name)
        asked_for = found.scaled.workers if found.scaled else cluster.spec.workers.replicas
        wanted = await self._wanted_workers(cluster, observation, serving, asked_for, found.now)
        kept = Hold(last_worker=True, message=LAST_WORKER_MESSAGE) if wanted > asked_for else NOTHING_WAITS
        decide = partial(
            plan,
            cluster,
            observation,
            wanted_workers=wanted,
            supply=supply,
            worker_min_ready=self._settings.worker_min_ready,
        )
        at_once = decide(kept)
        handover = Handover(at_once, observation, recorded_rollout(status), serving)
        found.asked = handover.generation_to_ask
        if found.asked is None:
            return at_once
        found.activity = await self._queries.activity(cluster, found.asked)
        drain_timeout = timedelta(seconds=duration_seconds(cluster.spec.coordinator.drain_timeout))
        hold = handover.hold(found.activity, drain_timeout=drain_timeout, now=found.now)
        return decide(hold) if hold.is_on else at_once

    async def _wanted_workers(
        self, cluster: PrestoCluster, observation: Observation, serving: str | None, asked_for: int, now: datetime
    ) -> int:
        """How many workers there shall be in all pools: the last one stays while queries run."""
        least = sum(pool.min_replicas for pool in cluster.spec.workers.pools)
        asked = generation_to_ask(observation, serving, max(asked_for, least))
        if asked is None:
            return asked_for
        return kept_workers(asked_for, await self._queries.activity(cluster, asked), now)

    async def _scale(self, key: ClusterKey, found: _Pass) -> None:
        assert found.plan is not None
        for step in found.plan.scale:
            label = described(step.deployment)
            try:
                await self._applier.scale(step.deployment, step.replicas)
            except ApiError as error:
                if error.status != 404:  # gone already, which the watch is about to tell
                    found.apply_errors.append(f"{label}: {error}")
            else:
                _logger.info("%s: %s now has %d replicas", key, label, step.replicas)

    async def _remove(self, key: ClusterKey, found: _Pass) -> None:
        assert found.plan is not None
        for obj in found.plan.remove:
            label = described(obj)
            try:
                await self._applier.delete(obj)
            except ApiError as error:
                found.apply_errors.append(f"{label}: {error}")
            else:
                _logger.info("%s: %s deleted, it has no more use", key, label)

    def _observe(
        self, key: ClusterKey, body: KubernetesObject, now: datetime, stats: ClusterStats | None = None
    ) -> Observation:
        uid = uid_of(body)
        children = [obj for obj in self._store.list(key, *CHILD_KINDS) if is_owned_by(obj, uid)]
        pods = [pod for pod in self._store.list(key, POD) if not is_lost(pod, now)]
        nodes = self._reclaimer.reader(now)
        risky = [pod for pod in pods if nodes is not None and nodes.is_first_to_go(pod)]
        to_be_replaced = [pod for pod in risky if nodes is not None and nodes.is_to_be_replaced(pod)]
        return Observation(tuple(children), tuple(pods), stats, _names(risky), _names(to_be_replaced))

    async def _report(self, key: ClusterKey, body: KubernetesObject, found: _Pass) -> None:
        before = self._observe(key, body, found.now)
        serving = before.serving_generation(key.name)
        stats = await self._autoscaler.ask(key, found.cluster, before, found.now)
        observation = self._observe(key, body, found.now, stats)
        verdicts = [
            conditions.valid(found.field_errors, retry_warnings(found.cluster.spec) if found.cluster else ()),
            conditions.ready(observation, serving),
            progressing := conditions.progressing(observation, found.plan),
            conditions.degraded(observation, found.plan, found.apply_errors),
            conditions.draining(observation),
            *self._metastore_verdict(key, body, found.cluster),
            *autoscaling_verdicts(found.scaled, body.get("status", {})),
        ]
        pools = _pools(observation, serving, found.plan)
        by_pool = {pool.name: (pool.wanted, pool.ready) for pool in pools}
        metrics.observe_cluster(key.namespace, key.name, observation.stats, by_pool)
        previous = body.get("status", {})
        record = recorded_rollout(previous)
        limits_before = recorded_limits(previous)
        limits = found.plan.placement.limits if found.plan else limits_before
        metrics.observe_limits(key.namespace, key.name, {name: limit.reason for name, limit in limits.items()})
        next_rollout = await self._next_rollout(record, observation, serving, progressing.message, found)
        now = self._clock()
        status = new_status(
            previous,
            verdicts,
            observation,
            metadata=body["metadata"],
            serving=Serving(serving, tuple(pools), limits),
            rollout=next_rollout,
            now=now,
        )
        status |= autoscaling_field(found.scaled, previous)
        notices = [
            *(autoscaling_notices(found.scaled) if found.scaled else ()),
            *news(previous, status),
            *rollout_news(record, next_rollout, found.activity),
            *(limit_notices(limits_before, limits, found.plan.placement.explanations) if found.plan else ()),
            *(Notice("Normal", "Corrected", f"{label} was not as wanted: put right") for label in found.corrected),
        ]
        written = self._status_written.get(key)
        if is_due(previous, status, last_written=written, interval=self._settings.status_interval, now=now):
            self._store.put(await self._client.patch_status(key.namespace, key.name, merge_patch(previous, status)))
            self._status_written[key] = now
            metrics.status_writes.inc()
        for notice in notices:
            await publish(self._client, body, notice, now)

    def _metastore_verdict(
        self, key: ClusterKey, body: KubernetesObject, cluster: PrestoCluster | None
    ) -> list[Verdict]:
        """What to say of the metastore; nothing if there is none, or if it isn't to be asked.

        Nothing but words comes of it: a metastore that is down is no reason to touch Presto.
        """
        if cluster is not None:
            self._metastores.watch(key, probes(cluster))
        previous = body.get("status", {})
        findings = self._metastores.findings(key)
        # Of an invalid spec, what was asked before is asked on: that is what the running cluster uses.
        is_told_of = any(item["type"] == "MetastoreAvailable" for item in previous.get("conditions", []))
        if not findings and (cluster is not None or not is_told_of):
            metrics.observe_metastore(key.namespace, key.name, None)
            return []
        verdict = conditions.metastore_available(findings, previous, body["metadata"]["generation"])
        metrics.observe_metastore(key.namespace, key.name, verdict.status)
        return [verdict]

    async def _next_rollout(
        self,
        record: RolloutStatus | None,
        observation: Observation,
        serving: str | None,
        message: str,
        found: _Pass,
    ) -> RolloutStatus | None:
        """The record of the roll-out after this pass."""
        if found.cluster is None or found.plan is None or serving is None:
            return record
        activity = None
        if found.asked is not None and found.asked != serving:
            if record is None or record.switched_at is None:
                # What was asked before is of a moment at which clients still came.
                found.activity = await self._queries.activity(found.cluster, found.asked)
            activity = found.activity
        return next_record(
            record,
            found.plan,
            observation,
            serving=serving,
            activity=activity,
            message=message,
            now=found.now,
        )


def _is_settled(body: KubernetesObject) -> bool:
    """Whether the cluster was as its present spec asks for when we last looked.

    What has to be changed then has been changed by somebody else.
    """
    status: dict[str, Any] = body.get("status", {})
    current = {item["type"]: item["status"] for item in status.get("conditions", [])}
    is_current = status.get("observedGeneration") == body["metadata"]["generation"]
    return is_current and (current.get("Progressing"), current.get("Degraded")) == ("False", "False")


def _names(pods: list[KubernetesObject]) -> frozenset[str]:
    return frozenset(name_of(pod) for pod in pods)


def _pools(observation: Observation, serving: str | None, plan: Plan | None) -> list[PoolCount]:
    is_planned = plan is not None and plan.wanted_generation == serving
    return pool_counts(observation, serving, plan.placement.replicas_by_pool if plan and is_planned else None)

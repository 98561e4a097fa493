"""The reconcile loop: observe, validate, decide, build, apply, status."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from presto_operator.api import FieldError, InvalidClusterError, PrestoCluster, parse_cluster
from presto_operator.controller import conditions
from presto_operator.controller.observation import Observation, pool_of, ready_replicas, wanted_replicas
from presto_operator.controller.plan import Plan, plan
from presto_operator.controller.poller import PrestoPoller
from presto_operator.controller.status import is_due, merge_patch, new_status, news
from presto_operator.desired import KubernetesObject, Notice
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
    is_owned_by,
    publish,
)
from presto_operator.presto.stats import ClusterStats
from presto_operator.telemetry import metrics

POLL_SECONDS = 10.0
"""How often a cluster is looked at when nothing happens to it: Presto's own numbers come with no event."""

_logger = logging.getLogger(__name__)


@dataclass
class _Pass:
    """What one pass over a cluster found out so far."""

    cluster: PrestoCluster | None = None
    plan: Plan | None = None
    field_errors: list[FieldError] = field(default_factory=list)
    apply_errors: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)


class Reconciler:
    """Brings one cluster after the other to what its spec asks for."""

    def __init__(
        self, client: KubernetesClient, store: ObjectStore, poller: PrestoPoller, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._poller = poller
        self._store = store
        self._clock = clock
        self._applier = Applier(client, store)
        self._status_written: dict[ClusterKey, datetime] = {}

    async def reconcile(self, key: ClusterKey) -> float | None:
        """One pass over a cluster, from any state; returns after how many seconds to look again.

        Raises:
            ApiError: something could not be applied or written; the status says so where it could be written.
        """
        body = self._store.cluster(key)
        if body is None or "deletionTimestamp" in body["metadata"]:
            # The children have the cluster for their owner: Kubernetes' garbage collector removes them.
            self._status_written.pop(key, None)
            self._poller.forget(key)
            metrics.forget_cluster(key.namespace, key.name)
            return None
        with metrics.reconcile_seconds.time(), metrics.reconcile_errors.count_exceptions():
            found = await self._act(key, body)
            await self._report(key, body, found)
            if found.apply_errors:
                raise ApiError(0, "; ".join(found.apply_errors))
        return POLL_SECONDS

    async def _act(self, key: ClusterKey, body: KubernetesObject) -> _Pass:
        found = _Pass()
        try:
            found.cluster = parse_cluster(body)
        except InvalidClusterError as invalid:
            found.field_errors = invalid.errors
            return found
        found.plan = plan(found.cluster, self._observe(key, body, None))
        is_settled = _is_settled(body)
        for desired in found.plan.apply:
            label = f'{desired["kind"]} "{desired["metadata"]["name"]}"'
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
        if not found.apply_errors:
            await self._remove(key, found)
        return found

    async def _remove(self, key: ClusterKey, found: _Pass) -> None:
        assert found.plan is not None
        for obj in found.plan.remove:
            label = f'{obj["kind"]} "{obj["metadata"]["name"]}"'
            try:
                await self._applier.delete(obj)
            except ApiError as error:
                found.apply_errors.append(f"{label}: {error}")
            else:
                _logger.info("%s: %s deleted, it has no more use", key, label)

    def _observe(self, key: ClusterKey, body: KubernetesObject, stats: ClusterStats | None) -> Observation:
        uid = body["metadata"]["uid"]
        children = [obj for obj in self._store.list(key, *CHILD_KINDS) if is_owned_by(obj, uid)]
        return Observation(tuple(children), tuple(self._store.list(key, POD)), stats)

    async def _report(self, key: ClusterKey, body: KubernetesObject, found: _Pass) -> None:
        before = self._observe(key, body, None)
        serving = before.serving_generation(key.name)
        stats = None
        if serving is not None and before.coordinator_is_ready(serving):
            stats = await self._poller.stats(key)
        else:
            self._poller.forget(key)
        observation = self._observe(key, body, stats)
        verdicts = [
            conditions.valid(found.field_errors),
            conditions.ready(observation, serving),
            conditions.progressing(observation, found.plan),
            conditions.degraded(observation, found.plan, found.apply_errors),
            conditions.draining(observation),
        ]
        metrics.observe_cluster(key.namespace, key.name, observation.stats, _workers_by_pool(observation, serving))
        previous = body.get("status", {})
        now = self._clock()
        status = new_status(
            previous,
            verdicts,
            observation,
            metadata=body["metadata"],
            serving=serving,
            now=now,
        )
        notices = [
            *news(previous, status),
            *(Notice("Normal", "Corrected", f"{label} was not as wanted: put right") for label in found.corrected),
        ]
        if is_due(previous, status, last_written=self._status_written.get(key), now=now):
            self._store.put(await self._client.patch_status(key.namespace, key.name, merge_patch(previous, status)))
            self._status_written[key] = now
            metrics.status_writes.inc()
        for notice in notices:
            await publish(self._client, body, notice, now)


def _is_settled(body: KubernetesObject) -> bool:
    """Whether the cluster was as its present spec asks for when we last looked.

    What has to be changed then has been changed by somebody else.
    """
    status: dict[str, Any] = body.get("status", {})
    current = {item["type"]: item["status"] for item in status.get("conditions", [])}
    is_current = status.get("observedGeneration") == body["metadata"]["generation"]
    return is_current and (current.get("Progressing"), current.get("Degraded")) == ("False", "False")


def _workers_by_pool(observation: Observation, serving: str | None) -> dict[str, tuple[int, int]]:
    deployments = observation.deployments("worker", serving) if serving else []
    return {pool_of(pool): (wanted_replicas(pool), ready_replicas(pool)) for pool in deployments}

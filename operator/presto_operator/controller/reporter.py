"""Writing a pass's report: status, Events and metrics."""

from __future__ import annotations

from datetime import datetime, timedelta

from presto_operator.kube import ClusterKey, ObjectStore, ObjectWriter, publish
from presto_operator.objects import KubernetesObject, Notice
from presto_operator.planning import Seen
from presto_operator.reporting import (
    After,
    Report,
    internal_error_event,
    internal_error_status,
    is_due,
    merge_patch,
)
from presto_operator.telemetry import metrics


class Reporter:
    """Writes status at once when something changes, and numbers that change all the time seldom."""

    def __init__(self, api: ObjectWriter, store: ObjectStore, interval: timedelta) -> None:
        """`interval` is how often numbers that change all the time are written: clusters share one API server."""
        self._interval = interval
        self._api = api
        self._store = store
        self._written: dict[ClusterKey, datetime] = {}
        """When each cluster's status was written."""

    async def publish(self, key: ClusterKey, seen: Seen, report: Report, after: After) -> None:
        """Write the status if it is due, then the Events.

        Raises:
            ApiError: status could not be written; its news is reported by the next pass.
        """
        workers = {pool.name: (pool.wanted, pool.ready) for pool in report.pools}
        metrics.observe_cluster(key.namespace, key.name, after.observation.load, workers)
        metrics.observe_limits(key.namespace, key.name, {name: limit.reason for name, limit in report.limits.items()})
        metrics.observe_metastore(key.namespace, key.name, report.metastore)
        previous = seen.memory.status
        if is_due(previous, report.status, last_written=self._written.get(key), interval=self._interval, now=after.now):
            patch = merge_patch(previous, report.status)
            self._store.put(await self._api.patch_status(key.namespace, key.name, patch))
            self._written[key] = after.now
            metrics.status_writes.inc()
        for notice in report.notices:
            await publish(self._api, seen.body, notice, after.now)

    async def publish_notice(self, body: KubernetesObject, notice: Notice, now: datetime) -> None:
        """Write an Event that no pass has decided on."""
        await publish(self._api, body, notice, now)

    async def publish_internal_error(
        self, key: ClusterKey, body: KubernetesObject, error: Exception, now: datetime
    ) -> None:
        """Write a defect of the operator into the status of the cluster whose pass it ended.

        Raises:
            ApiError: status could not be written.
        """
        metrics.internal_errors.labels(key.namespace, key.name).inc()
        previous, status = body.get("status") or {}, internal_error_status(body, error, now)
        if previous != status:
            self._store.put(await self._api.patch_status(key.namespace, key.name, merge_patch(previous, status)))
        if (notice := internal_error_event(body, error)) is not None:
            await publish(self._api, body, notice, now)

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._written.pop(key, None)

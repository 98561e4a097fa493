"""Writing a pass's report: status, Events and metrics."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from presto_operator.kube import ApiError, ClusterKey, ObjectStore, ObjectWriter, publish
from presto_operator.objects import KubernetesObject, Notice, uid_of
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

_REFUSED_RETRY = timedelta(minutes=5)
"""How long after a refusal the whole status is written again: a CRD is not replaced every minute."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Refused:
    """A status of which the API server takes the conditions only."""

    uid: str
    status: dict[str, Any]
    since: datetime


class Reporter:
    """Writes status at once when something changes, and numbers that change all the time seldom."""

    def __init__(self, api: ObjectWriter, store: ObjectStore, interval: timedelta) -> None:
        """`interval` is how often numbers that change all the time are written: clusters share one API server."""
        self._interval = interval
        self._api = api
        self._store = store
        self._written: dict[ClusterKey, datetime] = {}
        """When each cluster's status was written."""
        self._refused: dict[ClusterKey, _Refused] = {}

    def remembered(self, key: ClusterKey, body: KubernetesObject) -> KubernetesObject:
        """The cluster with the status that was reported last, although the API server may have refused to keep it.

        Without it, each pass would find the same news again, and tell of them again.
        """
        refused = self._refused.get(key)
        return {**body, "status": refused.status} if refused is not None and refused.uid == uid_of(body) else body

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
            await self._write(key, seen.body, report.status, after.now)
        for notice in report.notices:
            await publish(self._api, seen.body, notice, after.now)

    async def _write(self, key: ClusterKey, body: KubernetesObject, status: dict[str, Any], now: datetime) -> None:
        """Write the status; only its conditions, if the API server has refused it."""
        live = self._store.cluster(key) or body
        written: Mapping[str, Any] = live.get("status") or {}
        refused = self._refused.get(key)
        since = refused.since if refused is not None and now - refused.since < _REFUSED_RETRY else None
        if since is None:
            try:
                self._store.put(await self._api.patch_status(key.namespace, key.name, merge_patch(written, status)))
            except ApiError as error:
                if error.status != 422:
                    raise
                _logger.warning(
                    "%s: the API server refuses the status, so that only its conditions are written: %s. Is the "
                    "CustomResourceDefinition of another release?",
                    key,
                    error,
                )
                since = now
            else:
                self._refused.pop(key, None)
        if since is not None:
            self._refused[key] = _Refused(uid_of(body), status, since)
            await self._write_conditions(key, written, status)
        self._written[key] = now
        metrics.status_writes.inc()

    async def _write_conditions(self, key: ClusterKey, written: Mapping[str, Any], status: Mapping[str, Any]) -> None:
        conditions = {"conditions": status["conditions"]}
        if written.get("conditions") == conditions["conditions"]:
            return
        try:
            self._store.put(await self._api.patch_status(key.namespace, key.name, conditions))
        except ApiError as error:
            if error.status != 422:
                raise
            _logger.warning("%s: the API server refuses the conditions, too: %s", key, error)

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
        self._refused.pop(key, None)

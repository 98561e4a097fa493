"""Asking coordinators for their numbers, beside the passes: a Presto that hangs holds up nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from presto_operator.api import PrestoCluster
from presto_operator.desired import client_uri, coordinator_name, discovery_uri
from presto_operator.kube import ApiError, ClusterKey, KubernetesClient
from presto_operator.presto import HTTP_PORT
from presto_operator.presto.client import fetch_cluster_stats, fetch_query_activity
from presto_operator.presto.queries import QUERIES_PATH, QueryActivity, query_activity
from presto_operator.presto.stats import CLUSTER_PATH, ClusterStats, PrestoUnavailableError, cluster_stats
from presto_operator.telemetry import metrics

_logger = logging.getLogger(__name__)


class PrestoPoller:
    """The newest numbers of each cluster; None where the coordinator could not be asked."""

    def __init__(self, client: KubernetesClient, on_change: Callable[[ClusterKey], None]) -> None:
        """`on_change` is called for a cluster whose numbers are others than at the last poll."""
        self._client = client
        self._on_change = on_change
        self._stats: dict[ClusterKey, ClusterStats | None] = {}
        self._polls: dict[ClusterKey, asyncio.Task[None]] = {}

    async def stats(self, key: ClusterKey) -> ClusterStats | None:
        """What the cluster's coordinator said last; it is being asked again meanwhile.

        Only the very first answer is waited for (for seconds at most: each way to ask has a timeout): an operator that
        was restarted shall not report that it knows nothing.
        """
        if key not in self._polls:
            self._polls[key] = asyncio.create_task(self._poll(key))
        if key not in self._stats:
            await asyncio.wait([self._polls[key]])
        return self._stats.get(key)

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster whose coordinator can't be asked, or that is no more."""
        self._stats.pop(key, None)

    async def _poll(self, key: ClusterKey) -> None:
        try:
            stats = await self._ask(key)
        except (PrestoUnavailableError, ApiError) as error:
            stats = None
            metrics.presto_poll_errors.labels(key.namespace, key.name).inc()
            _logger.warning("%s: the coordinator can't be asked: %s", key, error)
        finally:
            del self._polls[key]
        is_news = stats != self._stats.get(key, stats)
        self._stats[key] = stats
        if is_news:
            self._on_change(key)

    async def _ask(self, key: ClusterKey) -> ClusterStats:
        if self._client.in_cluster:
            return await asyncio.to_thread(fetch_cluster_stats, client_uri(key.namespace, key.name))
        answer = await self._client.get_through_service(key.namespace, key.name, HTTP_PORT, CLUSTER_PATH)
        return cluster_stats(answer)


class QueryReader:
    """Asks a generation's coordinator for its queries.

    Unlike the numbers above, they are waited for: what is decided by them, and what it cost, is true of this moment
    only. They are asked for while clients are to be led to another generation, and at no other time.
    """

    def __init__(self, client: KubernetesClient) -> None:
        self._client = client

    async def activity(self, cluster: PrestoCluster, generation: str) -> QueryActivity | None:
        """The queries of this generation; None if its coordinator could not be asked within seconds."""
        try:
            if self._client.in_cluster:
                return await asyncio.to_thread(fetch_query_activity, discovery_uri(cluster, generation))
            service = coordinator_name(cluster, generation)
            answer = await self._client.get_through_service(cluster.namespace, service, HTTP_PORT, QUERIES_PATH)
            return query_activity(answer)
        except (PrestoUnavailableError, ApiError) as error:
            metrics.presto_poll_errors.labels(cluster.namespace, cluster.name).inc()
            _logger.warning("%s/%s: %s can't be asked: %s", cluster.namespace, cluster.name, generation, error)
            return None

"""Deleting the pods whose nodes go, or are gone."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from presto_operator.api import PrestoCluster
from presto_operator.kube import NODE, POD, ApiError, ClusterKey, KubernetesClient, NodeStore, ObjectStore, publish
from presto_operator.nodes import TaintMeaning
from presto_operator.objects import KubernetesObject, described, generation_of, uid_of
from presto_operator.planning.handover import LAST_PAGE
from presto_operator.planning.reclaim import (
    NodeReader,
    Reclaim,
    is_coordinator,
    reclaim_notices,
    reclaims,
    waiting_coordinator_notice,
)
from presto_operator.polling.presto_queries import QueryReader
from presto_operator.telemetry import metrics

_logger = logging.getLogger(__name__)


@dataclass
class Reclaimed:
    """What came of one look at a cluster's pods."""

    coordinators: list[Reclaim] = field(default_factory=list)
    """Coordinators on nodes that leave: they are deleted in a moment without queries."""
    deleted: list[Reclaim] = field(default_factory=list)
    """Pods that were deleted by this look: one that has nothing to drain is gone before anybody looks again."""
    errors: list[str] = field(default_factory=list)


class Reclaimer:
    """Reacts to what nodes say. While not all nodes are known it does nothing."""

    def __init__(
        self,
        client: KubernetesClient,
        store: ObjectStore,
        nodes: NodeStore,
        queries: QueryReader,
        *,
        extra_taints: tuple[TaintMeaning, ...] = (),
    ) -> None:
        self._client = client
        self._store = store
        self.nodes = nodes
        """What is known of nodes."""
        self._queries = queries
        self._extra_taints = extra_taints

    def reader(self, now: datetime) -> NodeReader | None:
        """What nodes say; None while not all of them are known."""
        if not self.nodes.is_synced:
            return None
        return NodeReader(self.nodes.get, now, self._extra_taints, is_any_ready=self.nodes.is_any_ready())

    async def act(self, key: ClusterKey, body: KubernetesObject, now: datetime) -> Reclaimed:
        """Delete the workers on nodes that leave, and remove whatever is on lost ones.

        It needs nothing of the spec, so it is done for a cluster whose spec is invalid, too.
        """
        outcome = Reclaimed()
        reader = self.reader(now)
        if reader is None:
            return outcome
        found = reclaims(self._store.list(key, POD), reader)
        outcome.coordinators = [reclaim for reclaim in found if is_coordinator(reclaim.pod) and not reclaim.is_lost]
        leaving = [reclaim for reclaim in found if not is_coordinator(reclaim.pod) and not reclaim.is_lost]
        await self._delete(key, body, leaving, now, outcome)
        await self._delete(key, body, await self._confirmed(found, reader, outcome), now, outcome)
        return outcome

    async def move_coordinators(
        self, key: ClusterKey, body: KubernetesObject, cluster: PrestoCluster | None, outcome: Reclaimed, now: datetime
    ) -> None:
        """Delete the coordinators on nodes that leave, if that hurts nobody; the others stay in `outcome`.

        A coordinator's queries end with it in any case, so nothing is gained by ending it before its node does. In a
        moment without queries, the next one comes up elsewhere before anybody misses it.
        """
        for reclaim in list(outcome.coordinators):
            generation = generation_of(reclaim.pod)
            activity = await self._queries.activity(cluster, generation) if cluster and generation else None
            if activity is None or activity.since(now - LAST_PAGE):
                notice = waiting_coordinator_notice(reclaim, now)
                await publish(self._client, body, notice, now, once_for=uid_of(reclaim.pod))
                continue
            outcome.coordinators.remove(reclaim)
            await self._delete(key, body, [reclaim], now, outcome)

    async def _confirmed(self, found: list[Reclaim], reader: NodeReader, outcome: Reclaimed) -> list[Reclaim]:
        """Those that are lost for certain, by asking for their nodes now.

        The watch of pods may be ahead of that of nodes: a node that has joined just now isn't gone.
        """
        asked: dict[str, KubernetesObject | None] = {}
        for name in sorted({reclaim.node for reclaim in found if reclaim.is_lost}):
            try:
                asked[name] = await self._client.get(NODE, None, name)
            except ApiError as error:
                outcome.errors.append(f'Node "{name}": {error}')
        fresh = NodeReader(asked.get, reader.now, reader.extra_taints, is_any_ready=reader.is_any_ready)
        lost = [reclaim.pod for reclaim in found if reclaim.is_lost and reclaim.node in asked]
        return [reclaim for reclaim in reclaims(lost, fresh) if reclaim.is_lost]

    async def _delete(
        self, key: ClusterKey, body: KubernetesObject, wanted: list[Reclaim], now: datetime, outcome: Reclaimed
    ) -> None:
        done = []
        for reclaim in wanted:
            try:
                await self._delete_pod(reclaim)
            except ApiError as error:
                outcome.errors.append(f"{described(reclaim.pod)} on node {reclaim.node}: {error}")
                continue
            done.append(reclaim)
            metrics.reclaims.labels(key.namespace, key.name, reclaim.signal.reason).inc()
        outcome.deleted += done
        for notice in reclaim_notices(done, now):
            _logger.info("%s: %s", key, notice.message)
            await publish(self._client, body, notice, now)

    async def _delete_pod(self, reclaim: Reclaim) -> None:
        if reclaim.is_lost:
            await self._client.delete_pod(reclaim.pod, grace_period_seconds=0)
            self._store.remove(reclaim.pod)
            return
        # With its own grace period: a shorter one would end a drain that the node might have let come to its end.
        leaving = await self._client.delete_pod(reclaim.pod)
        if leaving is not None:
            self._store.put(leaving)

"""Deleting the pods whose nodes go, or are gone."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from presto_operator.kube import NODE, POD, ApiError, ApiServer, ClusterKey, NodeStore, ObjectStore, publish
from presto_operator.nodes import Sightings, TaintMeaning
from presto_operator.objects import KubernetesObject, described, uid_of
from presto_operator.planning import (
    Decision,
    NodeSignals,
    Reclaim,
    Reclaimed,
    Seen,
    is_coordinator,
    reclaim_notices,
    reclaims,
    waiting_coordinator_notice,
)
from presto_operator.telemetry import metrics

_logger = logging.getLogger(__name__)


class Reclaimer:
    """Reacts to what nodes say. While not all nodes are known it does nothing."""

    def __init__(
        self,
        api: ApiServer,
        store: ObjectStore,
        nodes: NodeStore,
        *,
        extra_taints: tuple[TaintMeaning, ...] = (),
        sightings: Sightings,
    ) -> None:
        self._api = api
        self._store = store
        self._nodes = nodes
        self._extra_taints = extra_taints
        self._sightings = sightings

    def signals(self, now: datetime) -> NodeSignals | None:
        """What nodes say; None while not all of them are known."""
        if not self._nodes.is_synced:
            return None
        return NodeSignals(
            self._nodes.get,
            now,
            self._extra_taints,
            self._sightings,
            self._nodes.all,
            is_any_ready=self._nodes.is_any_ready(),
        )

    async def act(self, key: ClusterKey, body: KubernetesObject, nodes: NodeSignals | None, now: datetime) -> Reclaimed:
        """Delete the workers on nodes that leave, and remove whatever is on lost ones.

        It needs nothing of the spec, so it is done for a cluster whose spec is invalid, too.
        """
        if nodes is None:
            return Reclaimed()
        errors: list[str] = []
        found = reclaims(self._store.list(key, POD), nodes)
        coordinators = tuple(reclaim for reclaim in found if is_coordinator(reclaim.pod) and not reclaim.is_lost)
        leaving = [reclaim for reclaim in found if not is_coordinator(reclaim.pod) and not reclaim.is_lost]
        deleted = await self._delete(key, body, leaving, now, errors)
        deleted += await self._delete(key, body, await self._confirmed(found, nodes, errors), now, errors)
        return Reclaimed(coordinators, tuple(deleted), tuple(errors))

    async def move_coordinators(self, key: ClusterKey, seen: Seen, decision: Decision) -> list[str]:
        """Delete the coordinators on nodes that leave and that run no query; returns what went wrong.

        A coordinator's queries end with it in any case, so nothing is gained by ending it before its node does. In a
        moment without queries, the next one comes up elsewhere before anybody misses it.
        """
        errors: list[str] = []
        for reclaim in decision.waiting:
            notice = waiting_coordinator_notice(reclaim, seen.now)
            await publish(self._api, seen.body, notice, seen.now, once_for=uid_of(reclaim.pod))
        await self._delete(key, seen.body, list(decision.moved), seen.now, errors)
        return errors

    async def _confirmed(self, found: list[Reclaim], nodes: NodeSignals, errors: list[str]) -> list[Reclaim]:
        """Those that are lost for certain, by asking for their nodes now.

        The watch of pods may be ahead of that of nodes: a node that has joined just now isn't gone.
        """
        asked: dict[str, KubernetesObject | None] = {}
        for name in sorted({reclaim.node for reclaim in found if reclaim.is_lost}):
            try:
                asked[name] = await self._api.get(NODE, None, name)
            except ApiError as error:
                errors.append(f'Node "{name}": {error}')
        fresh = replace(nodes, find=asked.get)
        lost = [reclaim.pod for reclaim in found if reclaim.is_lost and reclaim.node in asked]
        return [reclaim for reclaim in reclaims(lost, fresh) if reclaim.is_lost]

    async def _delete(
        self, key: ClusterKey, body: KubernetesObject, wanted: list[Reclaim], now: datetime, errors: list[str]
    ) -> list[Reclaim]:
        """Delete these pods, and report what was deleted; returns it."""
        done = []
        for reclaim in wanted:
            try:
                await self._delete_pod(reclaim)
            except ApiError as error:
                errors.append(f"{described(reclaim.pod)} on node {reclaim.node}: {error}")
                continue
            done.append(reclaim)
            metrics.reclaims.labels(key.namespace, key.name, reclaim.signal.reason).inc()
        for notice in reclaim_notices(done, now):
            _logger.info("%s: %s", key, notice.message)
            await publish(self._api, body, notice, now)
        return done

    async def _delete_pod(self, reclaim: Reclaim) -> None:
        if reclaim.is_lost:
            await self._api.delete_pod(reclaim.pod, grace_period_seconds=0)
            self._store.remove(reclaim.pod)
            return
        # With its own grace period: a shorter one would end a drain that the node might have let come to its end.
        leaving = await self._api.delete_pod(reclaim.pod)
        if leaving is not None:
            self._store.put(leaving)

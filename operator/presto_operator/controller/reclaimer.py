"""Deleting the pods whose nodes go, or are gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from presto_operator.controller.side_by_side import MOST_SECONDS, side_by_side
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

_LATE = f"no answer within {MOST_SECONDS:g} s"


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
        self._being_deleted: set[str] = set()
        """The uids of pods whose deletion is under way."""
        self._deleted: dict[ClusterKey, list[Reclaim]] = {}
        """The pods that were deleted since the last pass over their cluster."""

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

        It needs nothing of the spec, so it is done for a cluster whose spec is invalid, too. It may be called again
        for a cluster while it is under way: a pod whose deletion is under way is left to the first call.
        """
        if nodes is None:
            return Reclaimed()
        found = reclaims(self._store.list(key, POD), nodes)
        coordinators = tuple(reclaim for reclaim in found if is_coordinator(reclaim.pod) and not reclaim.is_lost)
        wanted = [reclaim for reclaim in found if reclaim.is_lost or not is_coordinator(reclaim.pod)]
        async with self._under_way(wanted) as own:
            lost = [reclaim for reclaim in own if reclaim.is_lost]
            leaving = [reclaim for reclaim in own if not reclaim.is_lost]
            outcomes = await asyncio.gather(self._delete(key, leaving), self._delete_lost(key, lost, nodes))
        deleted = [reclaim for outcome in outcomes for reclaim in outcome.done]
        self.keep_deleted(key, deleted)
        await self._report(key, body, deleted, now)
        return Reclaimed(coordinators, tuple(deleted), tuple(error for outcome in outcomes for error in outcome.errors))

    def take_deleted(self, key: ClusterKey) -> tuple[Reclaim, ...]:
        """The cluster's pods that were deleted since the last call."""
        return tuple(self._deleted.pop(key, ()))

    def keep_deleted(self, key: ClusterKey, deleted: Sequence[Reclaim]) -> None:
        """Keep these for the next pass that decides something."""
        if deleted:
            self._deleted.setdefault(key, []).extend(deleted)

    async def move_coordinators(self, key: ClusterKey, seen: Seen, decision: Decision) -> list[str]:
        """Delete the coordinators on nodes that leave and that run no query; returns what went wrong.

        A coordinator's queries end with it in any case, so nothing is gained by ending it before its node does. In a
        moment without queries, the next one comes up elsewhere before anybody misses it.
        """
        for reclaim in decision.waiting:
            notice = waiting_coordinator_notice(reclaim, seen.now)
            await publish(self._api, seen.body, notice, seen.now, once_for=uid_of(reclaim.pod))
        outcome = await self._delete(key, decision.moved)
        await self._report(key, seen.body, outcome.done, seen.now)
        return outcome.errors

    @asynccontextmanager
    async def _under_way(self, wanted: list[Reclaim]) -> AsyncGenerator[list[Reclaim], None]:
        """Those of them that no other call deletes at the moment."""
        own = [reclaim for reclaim in wanted if uid_of(reclaim.pod) not in self._being_deleted]
        uids = {uid_of(reclaim.pod) for reclaim in own}
        self._being_deleted |= uids
        try:
            yield own
        finally:
            self._being_deleted -= uids

    async def _delete_lost(self, key: ClusterKey, lost: list[Reclaim], nodes: NodeSignals) -> _Deletions:
        """Remove those that are lost for certain, by asking for their nodes now.

        The watch of pods may be ahead of that of nodes: a node that has joined just now isn't gone.
        """
        names = sorted({reclaim.node for reclaim in lost})
        answers = await side_by_side(self._node, names)
        asked = {name: answer[0] for name, answer in zip(names, answers, strict=True) if isinstance(answer, tuple)}
        errors = [
            f'Node "{name}": {answer or _LATE}'
            for name, answer in zip(names, answers, strict=True)
            if not isinstance(answer, tuple)
        ]
        pods = [reclaim.pod for reclaim in lost if reclaim.node in asked]
        confirmed = [reclaim for reclaim in reclaims(pods, replace(nodes, find=asked.get)) if reclaim.is_lost]
        outcome = await self._delete(key, confirmed)
        return _Deletions(outcome.done, [*errors, *outcome.errors])

    async def _node(self, name: str) -> tuple[KubernetesObject | None] | str:
        """The node as it is now, None if it is gone; or why it can't be read."""
        try:
            return (await self._api.get(NODE, None, name),)
        except ApiError as error:
            return str(error)

    async def _delete(self, key: ClusterKey, wanted: Sequence[Reclaim]) -> _Deletions:
        """Delete these pods side by side: one whose deletion hangs delays no other."""
        outcome = _Deletions([], [])
        for reclaim, error in zip(wanted, await side_by_side(self._delete_pod, wanted), strict=True):
            if error != "":
                outcome.errors.append(f"{described(reclaim.pod)} on node {reclaim.node}: {error or _LATE}")
                continue
            outcome.done.append(reclaim)
            metrics.reclaims.labels(key.namespace, key.name, reclaim.signal.reason).inc()
        return outcome

    async def _delete_pod(self, reclaim: Reclaim) -> str:
        """Delete a pod; returns what went wrong, empty if nothing did."""
        try:
            if reclaim.is_lost:
                await self._api.delete_pod(reclaim.pod, grace_period_seconds=0)
                self._store.remove(reclaim.pod)
                return ""
            # With its own grace period: a shorter one would end a drain that the node might have let come to its end.
            leaving = await self._api.delete_pod(reclaim.pod)
        except ApiError as error:
            return str(error)
        if leaving is not None:
            self._store.put(leaving)
        return ""

    async def _report(self, key: ClusterKey, body: KubernetesObject, deleted: list[Reclaim], now: datetime) -> None:
        """Publish the Events, one a node, once all is deleted."""
        notices = reclaim_notices(deleted, now)
        for notice in notices:
            _logger.info("%s: %s", key, notice.message)
        await side_by_side(lambda notice: publish(self._api, body, notice, now), notices)


@dataclass(frozen=True)
class _Deletions:
    """What was deleted, and what went wrong."""

    done: list[Reclaim]
    errors: list[str]

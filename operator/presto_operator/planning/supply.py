"""What is known of where nodes can be had: from pods, their nodes, and what status remembers. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from presto_operator.api import Pool, PoolLimit, PrestoCluster
from presto_operator.nodes import Urgency
from presto_operator.objects import (
    KubernetesObject,
    Notice,
    deleted_at,
    is_at_work,
    is_terminating,
    name_of,
    node_of,
    pool_of,
    termination_deadline,
    unschedulable_since,
    wanted_replicas,
)
from presto_operator.planning.observation import Observation
from presto_operator.planning.reclaim import NodeReader, Reclaim
from presto_operator.scaling import PoolObservation, Supply

_AT_SOMEBODYS_WISH = frozenset({"ClusterAutoscalerDeletion", "NodeDeleted", "ScheduledMaintenance"})
"""Reasons of nodes that go although others like them could be had."""


def recorded_limits(status: Mapping[str, Any]) -> dict[str, PoolLimit]:
    """The limits of pools in a cluster's status, by pool; what this release can't read is left out."""
    limits = {}
    for row in status.get("workers", {}).get("pools", []):
        try:
            limits[row["name"]] = PoolLimit.model_validate(row["limit"], by_alias=True, by_name=False)
        except (KeyError, TypeError, ValidationError):
            continue
    return limits


def recorded_shares(status: Mapping[str, Any]) -> dict[str, int]:
    """How many workers each pool was to have when the status was written, by pool."""
    return {row["name"]: row.get("replicas", 0) for row in status.get("workers", {}).get("pools", [])}


def observed_supply(
    cluster: PrestoCluster,
    observation: Observation,
    generation: str,
    nodes: NodeReader | None,
    *,
    status: Mapping[str, Any],
    deleted: Collection[Reclaim] = (),
    now: datetime,
) -> Supply:
    """What is known of the cluster's pools.

    Args:
        cluster: the cluster.
        observation: its Deployments and pods.
        generation: the generation that is wanted; a pool that has no Deployment in it yet isn't known.
        nodes: what the pods' nodes say; None: nodes can't be read, and only the scheduler's word counts.
        status: the cluster's status, which remembers.
        deleted: pods that have just been deleted because of their nodes; they may be gone from `observation`.
        now: the time.
    """
    shares = recorded_shares(status)
    observed = {}
    for pool in cluster.spec.workers.pools:
        own = [
            deployment
            for deployment in observation.deployments("worker", generation)
            if pool_of(deployment) == pool.name
        ]
        if not own:
            continue
        workers = sum(wanted_replicas(deployment) for deployment in own)
        pods = [pod for deployment in own for pod in observation.at_work(deployment)]
        observed[pool.name] = PoolObservation(
            # Those that are added for a while, as by a roll-out, are no part of what the pool shall have.
            workers=min(workers, shares.get(pool.name, workers)),
            placed=sum(1 for pod in pods if _is_placed(pod, nodes, observation)),
            unschedulable_since=min(filter(None, map(unschedulable_since, pods)), default=None),
            reclaimed_at=_reclaimed_at(pool, observation, nodes, deleted, now),
        )
    return Supply(now, cluster.spec.workers.placement, observed, recorded_limits(status))


def limit_notices(
    before: Mapping[str, PoolLimit], after: Mapping[str, PoolLimit], words: Collection[str]
) -> list[Notice]:
    """What to tell of pools that are limited from now on, or no longer.

    Args:
        before: the limits that were, by pool.
        after: those that are.
        words: a sentence for each pool that is limited now, in the order of `after`.
    """
    notices = [
        Notice("Warning", f"Pool{limit.reason}", sentence)
        for (name, limit), sentence in zip(after.items(), words, strict=True)
        if name not in before or before[name].reason != limit.reason
    ]
    ended = [name for name in before if name not in after]
    return [*notices, *(Notice("Normal", "PoolUnlimited", f"pool {name} gets its share again") for name in ended)]


def _is_placed(pod: KubernetesObject, nodes: NodeReader | None, observation: Observation) -> bool:
    """Whether the pod has a node on which it may stay."""
    name = node_of(pod)
    if not name or name_of(pod) in observation.to_be_replaced:
        return False
    return nodes is None or nodes.signal(name).urgency < Urgency.LEAVING


def _reclaimed_at(
    pool: Pool,
    observation: Observation,
    nodes: NodeReader | None,
    deleted: Collection[Reclaim],
    now: datetime,
) -> datetime | None:
    """When nodes with workers of the pool last began to go by themselves.

    No node tells since when it goes, but its workers are deleted just then, and say so. The nodes that OnDemand workers
    are on go for other reasons than a want of them.
    """
    if nodes is None or pool.capacity_type == "OnDemand":
        return None
    pods = [pod for pod in observation.pods_of("worker") if pool_of(pod) == pool.name and is_terminating(pod)]
    moments = [moment for pod in pods if _is_reclaimed(pod, nodes) and (moment := _deleted_at(pod)) is not None]
    own = [reclaim for reclaim in deleted if pool_of(reclaim.pod) == pool.name and is_at_work(reclaim.pod)]
    moments += [now for reclaim in own if reclaim.signal.reason not in _AT_SOMEBODYS_WISH]
    return max(moments, default=None)


def _is_reclaimed(pod: KubernetesObject, nodes: NodeReader) -> bool:
    name = node_of(pod)
    if not name:
        return False
    signal = nodes.signal(name)
    return signal.urgency >= Urgency.LEAVING and signal.reason not in _AT_SOMEBODYS_WISH


def _deleted_at(pod: KubernetesObject) -> datetime | None:
    # Once the pod no longer says when it was deleted, the end of its grace period is the closest that is known.
    return deleted_at(pod) or termination_deadline(pod)

"""What is known of where nodes can be had: from pods, their nodes, and what status remembers. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

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
from presto_operator.planning.reclaim import NodeSignals
from presto_operator.planning.seen import Seen
from presto_operator.scaling import PoolObservation, Supply

_AT_SOMEBODYS_WISH = frozenset({"ClusterAutoscalerDeletion", "NodeDeleted", "ScheduledMaintenance"})
"""Reasons of nodes that go although others like them could be had."""


def observed_supply(cluster: PrestoCluster, generation: str, seen: Seen) -> Supply:
    """What is known of the cluster's pools.

    Args:
        cluster: the cluster.
        generation: the generation that is wanted; a pool that has no Deployment in it yet isn't known.
        seen: its Deployments and pods, what their nodes say, and what status remembers. Where nodes can't be read, only
            the scheduler's word counts.
    """
    observation = seen.observation
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
            workers=min(workers, seen.memory.shares.get(pool.name, workers)),
            placed=sum(1 for pod in pods if _is_placed(pod, seen.nodes, observation)),
            unschedulable_since=min(filter(None, map(unschedulable_since, pods)), default=None),
            reclaimed_at=_reclaimed_at(pool, seen),
        )
    return Supply(seen.now, cluster.spec.workers.placement, observed, dict(seen.memory.limits))


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


def _is_placed(pod: KubernetesObject, nodes: NodeSignals | None, observation: Observation) -> bool:
    """Whether the pod has a node on which it may stay."""
    name = node_of(pod)
    if not name or name_of(pod) in observation.to_be_replaced:
        return False
    return nodes is None or nodes.signal(name).urgency < Urgency.LEAVING


def _reclaimed_at(pool: Pool, seen: Seen) -> datetime | None:
    """When nodes with workers of the pool last began to go by themselves.

    No node tells since when it goes, but its workers are deleted just then, and say so. The nodes that OnDemand workers
    are on go for other reasons than a want of them.
    """
    nodes = seen.nodes
    if nodes is None or pool.capacity_type == "OnDemand":
        return None
    pods = [pod for pod in seen.observation.pods_of("worker") if pool_of(pod) == pool.name and is_terminating(pod)]
    moments = [moment for pod in pods if _is_reclaimed(pod, nodes) and (moment := _deleted_at(pod)) is not None]
    own = [
        reclaim for reclaim in seen.reclaimed.deleted if pool_of(reclaim.pod) == pool.name and is_at_work(reclaim.pod)
    ]
    moments += [seen.now for reclaim in own if reclaim.signal.reason not in _AT_SOMEBODYS_WISH]
    return max(moments, default=None)


def _is_reclaimed(pod: KubernetesObject, nodes: NodeSignals) -> bool:
    name = node_of(pod)
    if not name:
        return False
    signal = nodes.signal(name)
    return signal.urgency >= Urgency.LEAVING and signal.reason not in _AT_SOMEBODYS_WISH


def _deleted_at(pod: KubernetesObject) -> datetime | None:
    # Once the pod no longer says when it was deleted, the end of its grace period is the closest that is known.
    return deleted_at(pod) or termination_deadline(pod)

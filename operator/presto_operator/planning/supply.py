"""Where nodes are available: from pods, their nodes, and what status remembers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from presto_operator.api import Pool, PoolLimit, PrestoCluster
from presto_operator.nodes import Urgency
from presto_operator.objects import (
    EventReason,
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
from presto_operator.scaling import Placement, PoolObservation, Supply

_VOLUNTARY = frozenset({"ClusterAutoscalerDeletion", "NodeDeleted", "ScheduledMaintenance"})
"""Node removals that don't indicate a shortage of nodes."""


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
            # Workers that a roll-out adds for a while are not part of the pool's desired number.
            workers=min(workers, seen.memory.shares.get(pool.name, workers)),
            placed=sum(1 for pod in pods if _is_placed(pod, seen.nodes, observation)),
            unschedulable_since=min(filter(None, map(unschedulable_since, pods)), default=None),
            reclaimed_at=_reclaimed_at(pool, seen),
        )
    return Supply(seen.now, cluster.spec.workers.placement, observed, dict(seen.memory.limits))


def limit_notices(before: Mapping[str, PoolLimit], placement: Placement) -> list[Notice]:
    """The Events about pools that are limited from now on, or no longer.

    The end of a limit after a reclaim is no news: the Event of its beginning says until when it lasts.

    Args:
        before: the limits before, by pool.
        placement: the placement, with the limits now.
    """
    limits = placement.limits
    begun = [
        _limited(limit, sentence)
        for (name, limit), sentence in zip(limits.items(), placement.explanations, strict=True)
        if name not in before or before[name].reason != limit.reason
    ]
    ended = [
        Notice("Normal", EventReason.POOL_UNLIMITED, f"pool {name} gets its share of workers again: nodes are back")
        for name, limit in before.items()
        if limit.reason == "Unschedulable" and name not in limits and name in placement.replicas_by_pool
    ]
    return [*begun, *ended]


def _limited(limit: PoolLimit, sentence: str) -> Notice:
    if limit.reason == "Reclaimed":
        # Routine with spot nodes: other pools take over, and nobody has to act.
        return Notice("Normal", EventReason.POOL_RECLAIMED, sentence)
    return Notice("Warning", EventReason.POOL_UNSCHEDULABLE, sentence)


def _is_placed(pod: KubernetesObject, nodes: NodeSignals | None, observation: Observation) -> bool:
    """Whether the pod has a node that it may stay on."""
    name = node_of(pod)
    if not name or name_of(pod) in observation.to_be_replaced:
        return False
    return nodes is None or nodes.signal(name).urgency < Urgency.LEAVING


def _reclaimed_at(pool: Pool, seen: Seen) -> datetime | None:
    """When nodes with workers of the pool were last reclaimed; None if none were.

    A node doesn't say since when it is leaving, but its workers are deleted at just that moment, and say so. Nodes of
    OnDemand pools are removed for other reasons than a shortage of them.
    """
    nodes = seen.nodes
    if nodes is None or pool.capacity_type == "OnDemand":
        return None
    pods = [pod for pod in seen.observation.pods_of("worker") if pool_of(pod) == pool.name and is_terminating(pod)]
    moments = [moment for pod in pods if _is_reclaimed(pod, nodes) and (moment := _deleted_at(pod)) is not None]
    own = [
        reclaim for reclaim in seen.reclaimed.deleted if pool_of(reclaim.pod) == pool.name and is_at_work(reclaim.pod)
    ]
    moments += [seen.now for reclaim in own if reclaim.signal.reason not in _VOLUNTARY]
    return max(moments, default=None)


def _is_reclaimed(pod: KubernetesObject, nodes: NodeSignals) -> bool:
    name = node_of(pod)
    if not name:
        return False
    signal = nodes.signal(name)
    return signal.urgency >= Urgency.LEAVING and signal.reason not in _VOLUNTARY


def _deleted_at(pod: KubernetesObject) -> datetime | None:
    # Once the pod no longer says when it was deleted, the end of its grace period is the closest that is known.
    return deleted_at(pod) or termination_deadline(pod)

"""What is known of where nodes can be had: from pods, their nodes, and what status remembers. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from presto_operator.api import Pool, PoolLimit, PrestoCluster
from presto_operator.nodes import Urgency
from presto_operator.objects import POOL_LABEL, KubernetesObject, Notice
from presto_operator.objects.deployments import pool_of, wanted_replicas
from presto_operator.objects.pods import is_at_work, is_terminating
from presto_operator.planning.observation import Observation
from presto_operator.planning.reclaim import NodeReader
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
            unschedulable_since=min(filter(None, map(_waits_for_a_node_since, pods)), default=None),
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


def _is_placed(pod: KubernetesObject, nodes: NodeReader | None, observation: Observation) -> bool:
    """Whether the pod has a node on which it may stay."""
    name = pod.get("spec", {}).get("nodeName")
    if not name or pod["metadata"]["name"] in observation.to_be_replaced:
        return False
    return nodes is None or nodes.signal(name).urgency < Urgency.LEAVING


def _waits_for_a_node_since(pod: KubernetesObject) -> datetime | None:
    for condition in pod.get("status", {}).get("conditions", []):
        if (condition["type"], condition["status"], condition.get("reason")) == (
            "PodScheduled",
            "False",
            "Unschedulable",
        ):
            return datetime.fromisoformat(condition["lastTransitionTime"])
    return None


def _reclaimed_at(pool: Pool, seen: Seen) -> datetime | None:
    """When nodes with workers of the pool last began to go by themselves.

    No node tells since when it goes, but its workers are deleted just then, and say so. The nodes that OnDemand workers
    are on go for other reasons than a want of them.
    """
    nodes = seen.nodes
    if nodes is None or pool.capacity_type == "OnDemand":
        return None
    pods = [pod for pod in seen.observation.pods_of("worker") if _pool(pod) == pool.name and is_terminating(pod)]
    moments = [_deleted_at(pod) for pod in pods if _is_reclaimed(pod, nodes)]
    own = [reclaim for reclaim in seen.reclaimed.deleted if _pool(reclaim.pod) == pool.name and is_at_work(reclaim.pod)]
    moments += [seen.now for reclaim in own if reclaim.signal.reason not in _AT_SOMEBODYS_WISH]
    return max(moments, default=None)


def _is_reclaimed(pod: KubernetesObject, nodes: NodeReader) -> bool:
    name = pod.get("spec", {}).get("nodeName")
    if not name:
        return False
    signal = nodes.signal(name)
    return signal.urgency >= Urgency.LEAVING and signal.reason not in _AT_SOMEBODYS_WISH


def _deleted_at(pod: KubernetesObject) -> datetime:
    # Kubernetes counts the grace period in: it is when the pod is to be gone.
    end = datetime.fromisoformat(pod["metadata"]["deletionTimestamp"])
    return end - timedelta(seconds=pod["metadata"].get("deletionGracePeriodSeconds", 0))


def _pool(pod: KubernetesObject) -> str:
    pool: str = pod["metadata"].get("labels", {}).get(POOL_LABEL, "")
    return pool

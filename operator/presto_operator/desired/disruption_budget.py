"""PodDisruptionBudgets: how many pods evictions (a node drain, a consolidation) may remove at the same time."""

from __future__ import annotations

from typing import Any

from presto_operator.api import PrestoCluster
from presto_operator.desired.names import role_selector
from presto_operator.desired.object import child
from presto_operator.objects import ROLE_LABEL, KubernetesObject, RoleName


def coordinator_disruption_budget(cluster: PrestoCluster) -> KubernetesObject:
    """No eviction of the coordinator, because every running query would fail. Its pod can still be deleted."""
    return _budget(cluster, "coordinator", {"maxUnavailable": 0})


def worker_disruption_budget(cluster: PrestoCluster) -> KubernetesObject:
    """A tenth of the workers at the same time (rounded up, so at least one), over all pools."""
    return _budget(cluster, "worker", {"maxUnavailable": "10%"})


def _budget(cluster: PrestoCluster, role: RoleName, limit: dict[str, Any]) -> KubernetesObject:
    return child(
        cluster,
        "policy/v1",
        "PodDisruptionBudget",
        f"{cluster.name}-{role}",
        labels={ROLE_LABEL: role},
        spec={
            **limit,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": role_selector(cluster, role)},
        },
    )

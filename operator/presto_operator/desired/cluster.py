"""What a cluster has whatever its generation."""

from __future__ import annotations

from presto_operator.api import PrestoCluster
from presto_operator.desired.disruption_budget import coordinator_disruption_budget, worker_disruption_budget
from presto_operator.desired.service import client_service, workers_service
from presto_operator.desired.service_account import service_account
from presto_operator.objects import KubernetesObject


def cluster_objects(cluster: PrestoCluster, active_generation: str) -> list[KubernetesObject]:
    """The objects that stay over all generations; clients are led to the coordinator of `active_generation`."""
    account = service_account(cluster)
    return [
        *([account] if account else []),
        client_service(cluster, active_generation),
        workers_service(cluster),
        coordinator_disruption_budget(cluster),
        worker_disruption_budget(cluster),
    ]

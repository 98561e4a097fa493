"""The objects of a cluster that don't belong to a generation."""

from __future__ import annotations

from presto_operator.api import PrestoCluster
from presto_operator.desired.disruption_budget import coordinator_disruption_budget, worker_disruption_budget
from presto_operator.desired.network_policy import network_policies
from presto_operator.desired.service import client_service, workers_service
from presto_operator.desired.service_account import service_account
from presto_operator.objects import KubernetesObject
from presto_operator.presto import https_port as https_port_of


def cluster_objects(cluster: PrestoCluster, generation: str, https_port: int | None) -> list[KubernetesObject]:
    """The objects that outlive a generation.

    Args:
        cluster: the cluster.
        generation: the generation that serves clients.
        https_port: the port at which its coordinator serves HTTPS; None if it doesn't.
    """
    account = service_account(cluster)
    return [
        *([account] if account else []),
        client_service(cluster, generation, https_port),
        workers_service(cluster),
        coordinator_disruption_budget(cluster),
        worker_disruption_budget(cluster),
        *network_policies(cluster, {https_port, https_port_of(cluster.spec.coordinator.config)}),
    ]

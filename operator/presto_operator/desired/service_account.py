"""The ServiceAccount of the cluster's pods."""

from __future__ import annotations

from presto_operator.api import PrestoCluster
from presto_operator.desired.names import service_account_name
from presto_operator.desired.object import KubernetesObject, child


def service_account(cluster: PrestoCluster) -> KubernetesObject:
    """The identity of all Presto servers of the cluster, without rights in Kubernetes."""
    return child(cluster, "v1", "ServiceAccount", service_account_name(cluster), automountServiceAccountToken=False)

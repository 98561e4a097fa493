"""The ServiceAccount of the cluster's pods."""

from __future__ import annotations

from presto_operator.api import PrestoCluster
from presto_operator.desired.names import service_account_name
from presto_operator.desired.object import child
from presto_operator.objects import KubernetesObject


def service_account(cluster: PrestoCluster) -> KubernetesObject | None:
    """The identity of the cluster's pods, without permissions in Kubernetes; None if the spec names another one."""
    if cluster.spec.service_account.name is not None:
        return None
    return child(
        cluster,
        "v1",
        "ServiceAccount",
        service_account_name(cluster),
        annotations=cluster.spec.service_account.annotations,
        automountServiceAccountToken=False,
    )

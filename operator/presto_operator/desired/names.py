"""Names and labels of the children. They are deterministic, so that the operator finds them after a restart."""

from __future__ import annotations

from typing import Protocol

from presto_operator.api import PrestoCluster
from presto_operator.objects import (
    CLUSTER_LABEL,
    GROUP,
    INSTANCE_LABEL,
    MANAGED_BY_LABEL,
    MANAGER,
    NAME_LABEL,
    ROLE_LABEL,
    RoleName,
)
from presto_operator.presto import HTTP_PORT

ENVIRONMENT_ANNOTATION = f"{GROUP}/environment"
"""On pods: the hash of what their environment variables get from Secrets and ConfigMaps."""
PARTS_ANNOTATION = f"{GROUP}/parts"
"""On Deployments: hashes of the parts of their pods, by which a roll-out says what changed."""


def cluster_labels(cluster: PrestoCluster) -> dict[str, str]:
    """Labels of every child of the cluster."""
    return {
        NAME_LABEL: "presto",
        INSTANCE_LABEL: cluster.name,
        MANAGED_BY_LABEL: MANAGER,
        CLUSTER_LABEL: cluster.name,
    }


def role_selector(cluster: PrestoCluster, role: RoleName) -> dict[str, str]:
    """The labels that select the pods of a role, over all generations and pools."""
    return {CLUSTER_LABEL: cluster.name, ROLE_LABEL: role}


def worker_selector(cluster_name: str) -> str:
    """The selector of all worker pods as text, for `kubectl -l` and the scale subresource."""
    return f"{CLUSTER_LABEL}={cluster_name},{ROLE_LABEL}=worker"


class Named(Protocol):
    """A cluster, or something else that knows its name."""

    @property
    def name(self) -> str:
        """The cluster's name."""
        ...


def coordinator_name(cluster: Named, generation: str) -> str:
    """Name of a generation's coordinator Deployment, and of the Service through which its workers find it."""
    return f"{cluster.name}-coordinator-{generation}"


def pool_deployment_name(cluster: Named, pool: str, revision: str) -> str:
    """Name of the Deployment of one revision of a pool's workers. A revision belongs to one generation."""
    return f"{cluster.name}-{pool}-{revision}"


def service_account_name(cluster: PrestoCluster) -> str:
    """Name of the ServiceAccount of the cluster's pods."""
    return cluster.spec.service_account.name or f"{cluster.name}-presto"


def discovery_uri(cluster: PrestoCluster, generation: str) -> str:
    """The address at which a generation's workers announce themselves.

    The name alone is looked up in the pod's own namespace first. With `.<namespace>.svc` after it, it would first be
    looked up as a host of a Service in a namespace `svc`, whoever that belongs to.
    """
    return f"http://{coordinator_name(cluster, generation)}:{HTTP_PORT}"


def client_uri(namespace: str, cluster_name: str) -> str:
    """The address for clients inside of Kubernetes, whichever generation serves."""
    return f"http://{cluster_name}.{namespace}.svc:{HTTP_PORT}"

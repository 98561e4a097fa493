"""Ground floor: what a Kubernetes object says. Pure: no clock, no client."""

from presto_operator.objects.labels import (
    CLUSTER_LABEL,
    GENERATION_LABEL,
    GROUP,
    MANAGED_BY_LABEL,
    MANAGER,
    POOL_LABEL,
    REVISION_LABEL,
    ROLE_LABEL,
    RoleName,
)
from presto_operator.objects.notice import Notice
from presto_operator.objects.object import KubernetesObject

__all__ = [
    "CLUSTER_LABEL",
    "GENERATION_LABEL",
    "GROUP",
    "MANAGED_BY_LABEL",
    "MANAGER",
    "POOL_LABEL",
    "REVISION_LABEL",
    "ROLE_LABEL",
    "KubernetesObject",
    "Notice",
    "RoleName",
]

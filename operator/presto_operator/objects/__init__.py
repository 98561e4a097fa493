"""Ground floor: what a Kubernetes object says. Pure: no clock, no client."""

from presto_operator.objects.labels import (
    CAPACITY_LABEL,
    CLUSTER_LABEL,
    COMPONENT_LABEL,
    GENERATION_LABEL,
    GROUP,
    INSTANCE_LABEL,
    MANAGED_BY_LABEL,
    MANAGER,
    NAME_LABEL,
    POOL_LABEL,
    RECOMMENDED_LABELS,
    REVISION_LABEL,
    ROLE_LABEL,
    VERSION_LABEL,
    RoleName,
)
from presto_operator.objects.notice import Notice
from presto_operator.objects.object import KubernetesObject

__all__ = [
    "CAPACITY_LABEL",
    "CLUSTER_LABEL",
    "COMPONENT_LABEL",
    "GENERATION_LABEL",
    "GROUP",
    "INSTANCE_LABEL",
    "MANAGED_BY_LABEL",
    "MANAGER",
    "NAME_LABEL",
    "POOL_LABEL",
    "RECOMMENDED_LABELS",
    "REVISION_LABEL",
    "ROLE_LABEL",
    "VERSION_LABEL",
    "KubernetesObject",
    "Notice",
    "RoleName",
]

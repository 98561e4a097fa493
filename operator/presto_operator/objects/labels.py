"""Labels and names that the operator gives to objects, and finds them by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from presto_operator.objects.object import label_of

GROUP = "prestooperator.io"
"""The API group of PrestoClusters, and the prefix of the operator's own labels and annotations."""

MANAGER = "presto-operator"
"""The field manager, and the value of the managed-by label."""

NAME_LABEL = "app.kubernetes.io/name"
INSTANCE_LABEL = "app.kubernetes.io/instance"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
COMPONENT_LABEL = "app.kubernetes.io/component"
VERSION_LABEL = "app.kubernetes.io/version"
RECOMMENDED_LABELS = (NAME_LABEL, INSTANCE_LABEL, MANAGED_BY_LABEL, COMPONENT_LABEL, VERSION_LABEL)
"""Labels that Kubernetes recommends for every object, and that the operator sets."""

CLUSTER_LABEL = f"{GROUP}/cluster"
ROLE_LABEL = f"{GROUP}/role"
POOL_LABEL = f"{GROUP}/pool"
GENERATION_LABEL = f"{GROUP}/generation"
REVISION_LABEL = f"{GROUP}/revision"
CAPACITY_LABEL = f"{GROUP}/capacity-type"
"""On nodes without a label of Karpenter, EKS, GKE or AKS, set by users: `spot` or `on-demand`."""

RECORD_SECRET_ANNOTATION = f"{GROUP}/record-secret"
"""On a record of a generation: the name of the Secret that has the part of it with secret values."""

RoleName = Literal["coordinator", "worker"]


def role_of(obj: Mapping[str, Any]) -> str:
    """The role of the servers that an object is about, `coordinator` or `worker`; empty if it is about none."""
    return label_of(obj, ROLE_LABEL)


def pool_of(obj: Mapping[str, Any]) -> str:
    """The worker pool that an object belongs to; empty if it belongs to none."""
    return label_of(obj, POOL_LABEL)


def generation_of(obj: Mapping[str, Any]) -> str:
    """The generation that an object belongs to (not `metadata.generation`); empty if it belongs to none."""
    return label_of(obj, GENERATION_LABEL)

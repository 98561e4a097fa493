"""Labels and names that the operator gives to objects, and finds them by."""

from __future__ import annotations

from typing import Literal

GROUP = "prestooperator.io"
"""The API group of PrestoClusters, and the prefix of the operator's own labels and annotations."""

MANAGER = "presto-operator"
"""The field manager, and the value of the managed-by label."""

MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
CLUSTER_LABEL = f"{GROUP}/cluster"
ROLE_LABEL = f"{GROUP}/role"
POOL_LABEL = f"{GROUP}/pool"
GENERATION_LABEL = f"{GROUP}/generation"
REVISION_LABEL = f"{GROUP}/revision"

RoleName = Literal["coordinator", "worker"]

"""The PrestoCluster resource: models, defaults, validation, and the CRD generated from them. Pure."""

from presto_operator.api.crd import API_VERSION, GROUP, KIND, PLURAL, VERSION, crd
from presto_operator.api.duration import duration_seconds
from presto_operator.api.role import Coordinator, Resources, Role, Toleration
from presto_operator.api.spec import Catalog, Image, PrestoClusterSpec
from presto_operator.api.status import (
    Condition,
    ConditionType,
    CoordinatorStatus,
    Phase,
    PoolStatus,
    PrestoClusterStatus,
    QueriesStatus,
    WorkersStatus,
)
from presto_operator.api.validation import FieldError, InvalidClusterError, PrestoCluster, parse_cluster
from presto_operator.api.workers import Drain, Pool, Workers

__all__ = [
    "API_VERSION",
    "GROUP",
    "KIND",
    "PLURAL",
    "VERSION",
    "Catalog",
    "Condition",
    "ConditionType",
    "Coordinator",
    "CoordinatorStatus",
    "Drain",
    "FieldError",
    "Image",
    "InvalidClusterError",
    "Phase",
    "Pool",
    "PoolStatus",
    "PrestoCluster",
    "PrestoClusterSpec",
    "PrestoClusterStatus",
    "QueriesStatus",
    "Resources",
    "Role",
    "Toleration",
    "Workers",
    "WorkersStatus",
    "crd",
    "duration_seconds",
    "parse_cluster",
]

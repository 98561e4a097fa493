"""The PrestoCluster resource: models, defaults, validation, and the CRD generated from them. Pure."""

from presto_operator.api.autoscaling import Autoscaling, AutoscalingMode, ScaleToZero, ScalingTargets, ratio_value
from presto_operator.api.autoscaling_status import (
    MAX_DECISIONS,
    MAX_PEAKS,
    MAX_SCALE_EVENTS,
    AutoscalingHistory,
    AutoscalingStatus,
    DecisionReason,
    PastRecommendation,
    ScaleEvent,
    ScalingDecision,
)
from presto_operator.api.capacity import CapacityType
from presto_operator.api.catalog import Catalog
from presto_operator.api.crd import API_VERSION, KIND, PLURAL, VERSION, crd
from presto_operator.api.duration import duration_seconds
from presto_operator.api.env import Variable
from presto_operator.api.metastore import Metastore
from presto_operator.api.owned import (
    CONFIG_VOLUME,
    DATA_VOLUME,
    NODE_SYSCTLS_CONTAINER,
    PLUGIN_CONTAINER_PREFIX,
    PLUGINS_VOLUME,
    POD_NAME_VARIABLE,
    PRESTO_CONTAINER,
)
from presto_operator.api.placement import PlacementSettings
from presto_operator.api.plugin import Plugin
from presto_operator.api.pod_overrides import PodOverrides
from presto_operator.api.pool import MAX_WORKERS, Pool
from presto_operator.api.pool_limit import LimitReason, PoolLimit, whole_second
from presto_operator.api.price import price_value
from presto_operator.api.query_retry import QueryRetry
from presto_operator.api.reference import Reference, SourceData, SourceObject
from presto_operator.api.resolution import CatalogProperties, RoleField, references
from presto_operator.api.role import Coordinator, Resources, Role, Toleration
from presto_operator.api.rollout import Rollout
from presto_operator.api.scaling_behavior import (
    ScaleDown,
    ScaleUp,
    ScalingBehavior,
    ScalingPolicy,
    tolerance_value,
)
from presto_operator.api.schedule import Schedule
from presto_operator.api.service_account import ServiceAccount
from presto_operator.api.spec import Image, PrestoClusterSpec
from presto_operator.api.status import (
    Condition,
    ConditionType,
    CoordinatorStatus,
    Phase,
    PoolStatus,
    PrestoClusterStatus,
    QueriesStatus,
    RolloutChange,
    RolloutStatus,
    WorkersStatus,
)
from presto_operator.api.sysctls import is_namespaced
from presto_operator.api.ulimits import Ulimits
from presto_operator.api.validation import FieldError, InvalidClusterError, PrestoCluster, parse_cluster, parse_spec
from presto_operator.api.workers import Drain, Workers

__all__ = [
    "API_VERSION",
    "CONFIG_VOLUME",
    "DATA_VOLUME",
    "KIND",
    "MAX_DECISIONS",
    "MAX_PEAKS",
    "MAX_SCALE_EVENTS",
    "MAX_WORKERS",
    "NODE_SYSCTLS_CONTAINER",
    "PLUGINS_VOLUME",
    "PLUGIN_CONTAINER_PREFIX",
    "PLURAL",
    "POD_NAME_VARIABLE",
    "PRESTO_CONTAINER",
    "VERSION",
    "Autoscaling",
    "AutoscalingHistory",
    "AutoscalingMode",
    "AutoscalingStatus",
    "CapacityType",
    "Catalog",
    "CatalogProperties",
    "Condition",
    "ConditionType",
    "Coordinator",
    "CoordinatorStatus",
    "DecisionReason",
    "Drain",
    "FieldError",
    "Image",
    "InvalidClusterError",
    "LimitReason",
    "Metastore",
    "PastRecommendation",
    "Phase",
    "PlacementSettings",
    "Plugin",
    "PodOverrides",
    "Pool",
    "PoolLimit",
    "PoolStatus",
    "PrestoCluster",
    "PrestoClusterSpec",
    "PrestoClusterStatus",
    "QueriesStatus",
    "QueryRetry",
    "Reference",
    "Resources",
    "Role",
    "RoleField",
    "Rollout",
    "RolloutChange",
    "RolloutStatus",
    "ScaleDown",
    "ScaleEvent",
    "ScaleToZero",
    "ScaleUp",
    "ScalingBehavior",
    "ScalingDecision",
    "ScalingPolicy",
    "ScalingTargets",
    "Schedule",
    "ServiceAccount",
    "SourceData",
    "SourceObject",
    "Toleration",
    "Ulimits",
    "Variable",
    "Workers",
    "WorkersStatus",
    "crd",
    "duration_seconds",
    "is_namespaced",
    "parse_cluster",
    "parse_spec",
    "price_value",
    "ratio_value",
    "references",
    "tolerance_value",
    "whole_second",
]

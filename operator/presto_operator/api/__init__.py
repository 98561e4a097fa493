"""The PrestoCluster resource: its models with defaults and validation, and the CRD generated from them."""

from presto_operator.api.autoscaling import Autoscaling, ScalingTargets
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
from presto_operator.api.cluster import PrestoCluster
from presto_operator.api.crd import API_VERSION, KIND, PLURAL, VERSION, crd
from presto_operator.api.duration import duration_seconds
from presto_operator.api.node_selection import CapacityType, Toleration
from presto_operator.api.owned import (
    CONFIG_VOLUME,
    DATA_VOLUME,
    HTTP_PORT_NAME,
    NODE_SYSCTLS_CONTAINER,
    PLUGIN_CONTAINER_PREFIX,
    PLUGINS_VOLUME,
    POD_NAME_VARIABLE,
    PRESTO_CONTAINER,
    SERVER_SCRIPT,
    TMP_VOLUME,
    USERS_FILE,
)
from presto_operator.api.placement import PlacementSettings
from presto_operator.api.plugin import Plugin
from presto_operator.api.pod_overrides import PodMetadata
from presto_operator.api.pod_security import PodSecurity
from presto_operator.api.pool import MAX_WORKERS, Pool
from presto_operator.api.pool_limit import LimitReason, PoolLimit, whole_second
from presto_operator.api.reference import SourceData, SourceObject
from presto_operator.api.resolution import RoleField, references
from presto_operator.api.role import Role
from presto_operator.api.scaling_behavior import ScaleDown, ScaleUp, ScalingBehavior, ScalingPolicy, tolerance_value
from presto_operator.api.schedule import Schedule
from presto_operator.api.spec import PrestoClusterSpec
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
from presto_operator.api.tenant_policy import STRICT, TenantPolicy
from presto_operator.api.validation import FieldError, InvalidClusterError, parse_cluster, parse_spec
from presto_operator.api.workers import Drain

__all__ = [
    "API_VERSION",
    "CONFIG_VOLUME",
    "DATA_VOLUME",
    "HTTP_PORT_NAME",
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
    "SERVER_SCRIPT",
    "STRICT",
    "TMP_VOLUME",
    "USERS_FILE",
    "VERSION",
    "Autoscaling",
    "AutoscalingHistory",
    "AutoscalingStatus",
    "CapacityType",
    "Condition",
    "ConditionType",
    "CoordinatorStatus",
    "DecisionReason",
    "Drain",
    "FieldError",
    "InvalidClusterError",
    "LimitReason",
    "PastRecommendation",
    "Phase",
    "PlacementSettings",
    "Plugin",
    "PodMetadata",
    "PodSecurity",
    "Pool",
    "PoolLimit",
    "PoolStatus",
    "PrestoCluster",
    "PrestoClusterSpec",
    "PrestoClusterStatus",
    "QueriesStatus",
    "Role",
    "RoleField",
    "RolloutChange",
    "RolloutStatus",
    "ScaleDown",
    "ScaleEvent",
    "ScaleUp",
    "ScalingBehavior",
    "ScalingDecision",
    "ScalingPolicy",
    "ScalingTargets",
    "Schedule",
    "SourceData",
    "SourceObject",
    "TenantPolicy",
    "Toleration",
    "WorkersStatus",
    "crd",
    "duration_seconds",
    "is_namespaced",
    "parse_cluster",
    "parse_spec",
    "references",
    "tolerance_value",
    "whole_second",
]

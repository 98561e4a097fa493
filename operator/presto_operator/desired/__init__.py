"""From a valid PrestoCluster to the Kubernetes objects that it becomes. Pure: no clock, no client."""

from presto_operator.desired.cluster import cluster_objects
from presto_operator.desired.event import Notice, event
from presto_operator.desired.generation import generation_name, generation_objects
from presto_operator.desired.names import (
    CLUSTER_LABEL,
    GENERATION_LABEL,
    MANAGED_BY_LABEL,
    MANAGER,
    POOL_LABEL,
    REVISION_LABEL,
    ROLE_LABEL,
    client_uri,
    coordinator_name,
    discovery_uri,
    worker_selector,
)
from presto_operator.desired.object import KubernetesObject
from presto_operator.desired.query_retry import retry_warnings

__all__ = [
    "CLUSTER_LABEL",
    "GENERATION_LABEL",
    "MANAGED_BY_LABEL",
    "MANAGER",
    "POOL_LABEL",
    "REVISION_LABEL",
    "ROLE_LABEL",
    "KubernetesObject",
    "Notice",
    "client_uri",
    "cluster_objects",
    "coordinator_name",
    "discovery_uri",
    "event",
    "generation_name",
    "generation_objects",
    "retry_warnings",
    "worker_selector",
]

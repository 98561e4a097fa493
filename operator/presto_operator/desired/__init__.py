"""From a valid PrestoCluster to the Kubernetes objects that it becomes. Pure: no clock, no client."""

from presto_operator.desired.cluster import cluster_objects
from presto_operator.desired.event import Notice, event
from presto_operator.desired.generation import Generation, generation_name, generation_objects, render_generation
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
from presto_operator.desired.parts import Parts, changed_parts, parts_of
from presto_operator.desired.query_retry import retry_warnings
from presto_operator.desired.workers import RevisionTemplate

__all__ = [
    "CLUSTER_LABEL",
    "GENERATION_LABEL",
    "MANAGED_BY_LABEL",
    "MANAGER",
    "POOL_LABEL",
    "REVISION_LABEL",
    "ROLE_LABEL",
    "Generation",
    "KubernetesObject",
    "Notice",
    "Parts",
    "RevisionTemplate",
    "changed_parts",
    "client_uri",
    "cluster_objects",
    "coordinator_name",
    "discovery_uri",
    "event",
    "generation_name",
    "generation_objects",
    "parts_of",
    "render_generation",
    "retry_warnings",
    "worker_selector",
]

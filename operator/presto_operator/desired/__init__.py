"""From a valid PrestoCluster to the Kubernetes objects that it becomes. Pure: no clock, no client."""

from presto_operator.desired.cluster import cluster_objects
from presto_operator.desired.generation import generation_name, generation_objects
from presto_operator.desired.names import client_uri, coordinator_name, discovery_uri, worker_selector
from presto_operator.desired.query_retry import retry_warnings

__all__ = [
    "client_uri",
    "cluster_objects",
    "coordinator_name",
    "discovery_uri",
    "generation_name",
    "generation_objects",
    "retry_warnings",
    "worker_selector",
]

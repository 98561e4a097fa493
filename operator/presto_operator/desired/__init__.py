"""From a valid PrestoCluster to the Kubernetes objects that it becomes. Pure: no clock, no client."""

from presto_operator.desired.cluster import cluster_objects
from presto_operator.desired.generation import Generation, render_generation
from presto_operator.desired.names import client_uri, coordinator_name, worker_selector
from presto_operator.desired.query_retry import retry_warnings

__all__ = [
    "Generation",
    "client_uri",
    "cluster_objects",
    "coordinator_name",
    "render_generation",
    "retry_warnings",
    "worker_selector",
]

"""From a valid PrestoCluster to the Kubernetes objects that it becomes. Pure: no clock, no client."""

from presto_operator.desired.cluster import cluster_objects
from presto_operator.desired.generation import Generation, generation_name, generation_objects, render_generation
from presto_operator.desired.names import client_uri, coordinator_name, discovery_uri, worker_selector
from presto_operator.desired.parts import Parts, changed_parts, parts_of
from presto_operator.desired.query_retry import retry_warnings
from presto_operator.desired.workers import RevisionTemplate

__all__ = [
    "Generation",
    "Parts",
    "RevisionTemplate",
    "changed_parts",
    "client_uri",
    "cluster_objects",
    "coordinator_name",
    "discovery_uri",
    "generation_name",
    "generation_objects",
    "parts_of",
    "render_generation",
    "retry_warnings",
    "worker_selector",
]

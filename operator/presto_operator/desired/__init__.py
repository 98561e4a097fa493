"""Renders a valid PrestoCluster into Kubernetes objects. Pure: no clock, no client."""

from presto_operator.desired.cluster import cluster_objects
from presto_operator.desired.generation import Generation, RecordedGeneration, recorded_generation, render_generation
from presto_operator.desired.hash_key import hash_key_secret
from presto_operator.desired.names import client_uri, coordinator_name, pool_deployment_name, worker_selector
from presto_operator.desired.parts import Parts, changed_parts, parts_of
from presto_operator.desired.record import is_record, newest_record, recorded_objects
from presto_operator.desired.warnings import cluster_warnings

__all__ = [
    "Generation",
    "Parts",
    "RecordedGeneration",
    "changed_parts",
    "client_uri",
    "cluster_objects",
    "cluster_warnings",
    "coordinator_name",
    "hash_key_secret",
    "is_record",
    "newest_record",
    "parts_of",
    "pool_deployment_name",
    "recorded_generation",
    "recorded_objects",
    "render_generation",
    "worker_selector",
]

"""Renders a valid PrestoCluster into Kubernetes objects. Pure: no clock, no client."""

from presto_operator.desired.cluster import cluster_objects
from presto_operator.desired.drain_warnings import drain_warnings
from presto_operator.desired.generation import Generation, render_generation
from presto_operator.desired.names import client_uri, coordinator_name, pool_deployment_name, worker_selector
from presto_operator.desired.network_policy import network_policy_warnings
from presto_operator.desired.parts import Parts, changed_parts, parts_of
from presto_operator.desired.pod_security import pod_security_warnings
from presto_operator.desired.query_retry import retry_warnings

__all__ = [
    "Generation",
    "Parts",
    "changed_parts",
    "client_uri",
    "cluster_objects",
    "coordinator_name",
    "drain_warnings",
    "network_policy_warnings",
    "parts_of",
    "pod_security_warnings",
    "pool_deployment_name",
    "render_generation",
    "retry_warnings",
    "worker_selector",
]

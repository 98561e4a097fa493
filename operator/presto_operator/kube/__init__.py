"""All Kubernetes I/O but the watches themselves, which are kopf's."""

from presto_operator.kube.apply import Applier, ForeignObjectError, Outcome
from presto_operator.kube.client import ApiError, KubernetesClient, Listing
from presto_operator.kube.events import publish
from presto_operator.kube.kind import (
    CHILD_KINDS,
    CONFIG_MAP,
    DEPLOYMENT,
    EVENT,
    NODE,
    POD,
    PRESTO_CLUSTER,
    SERVICE,
    Kind,
)
from presto_operator.kube.node_store import NodeStore
from presto_operator.kube.sources import SourceReader
from presto_operator.kube.store import ClusterKey, DepartedPod, ObjectStore

__all__ = [
    "CHILD_KINDS",
    "CONFIG_MAP",
    "DEPLOYMENT",
    "EVENT",
    "NODE",
    "POD",
    "PRESTO_CLUSTER",
    "SERVICE",
    "ApiError",
    "Applier",
    "ClusterKey",
    "DepartedPod",
    "ForeignObjectError",
    "Kind",
    "KubernetesClient",
    "Listing",
    "NodeStore",
    "ObjectStore",
    "Outcome",
    "SourceReader",
    "publish",
]

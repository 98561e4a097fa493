"""All Kubernetes I/O but the watches themselves, which are kopf's."""

from presto_operator.kube.api_server import ApiError, ApiServer, Listing, ObjectReader, ObjectWriter, ServerProxy
from presto_operator.kube.apply import Applier, ApplyOutcome, ForeignObjectError
from presto_operator.kube.client import KubernetesClient
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
    "ApiServer",
    "Applier",
    "ApplyOutcome",
    "ClusterKey",
    "DepartedPod",
    "ForeignObjectError",
    "Kind",
    "KubernetesClient",
    "Listing",
    "NodeStore",
    "ObjectReader",
    "ObjectStore",
    "ObjectWriter",
    "ServerProxy",
    "SourceReader",
    "publish",
]

"""All calls to the API server, and what is known from it. The watches themselves are kopf's."""

from presto_operator.kube.api_server import ApiError, ApiServer, ObjectReader, ObjectWriter, ServerProxy
from presto_operator.kube.apply import Applier, ApplyOutcome, ForeignObjectError
from presto_operator.kube.client import KubernetesClient
from presto_operator.kube.events import publish
from presto_operator.kube.kind import CHILD_KINDS, DEPLOYMENT, EVENT, NODE, POD, PRESTO_CLUSTER, kind_of
from presto_operator.kube.node_store import NodeStore
from presto_operator.kube.sources import SourceReader
from presto_operator.kube.store import ClusterKey, ObjectStore

__all__ = [
    "CHILD_KINDS",
    "DEPLOYMENT",
    "EVENT",
    "NODE",
    "POD",
    "PRESTO_CLUSTER",
    "ApiError",
    "ApiServer",
    "Applier",
    "ApplyOutcome",
    "ClusterKey",
    "ForeignObjectError",
    "KubernetesClient",
    "NodeStore",
    "ObjectReader",
    "ObjectStore",
    "ObjectWriter",
    "ServerProxy",
    "SourceReader",
    "kind_of",
    "publish",
]

"""All calls to the API server, and what is known from it. kopf watches PrestoClusters, and nothing else."""

from presto_operator.kube.api_server import (
    ApiError,
    ApiServer,
    ObjectReader,
    ObjectWriter,
    Selection,
    ServerProxy,
)
from presto_operator.kube.apply import Applier, ApplyOutcome, ForeignObjectError
from presto_operator.kube.client import KubernetesClient
from presto_operator.kube.events import publish
from presto_operator.kube.kept import METADATA_ONLY
from presto_operator.kube.kind import CHILD_KINDS, DEPLOYMENT, EVENT, NODE, POD, PRESTO_CLUSTER, SECRET, Kind, kind_of
from presto_operator.kube.node_store import NodeRelist, NodeStore
from presto_operator.kube.reflector import Reflector
from presto_operator.kube.secret_copies import SecretCopies
from presto_operator.kube.sources import SourceReader
from presto_operator.kube.store import ClusterKey, ObjectStore, Relist

__all__ = [
    "CHILD_KINDS",
    "DEPLOYMENT",
    "EVENT",
    "METADATA_ONLY",
    "NODE",
    "POD",
    "PRESTO_CLUSTER",
    "SECRET",
    "ApiError",
    "ApiServer",
    "Applier",
    "ApplyOutcome",
    "ClusterKey",
    "ForeignObjectError",
    "Kind",
    "KubernetesClient",
    "NodeRelist",
    "NodeStore",
    "ObjectReader",
    "ObjectStore",
    "ObjectWriter",
    "Reflector",
    "Relist",
    "SecretCopies",
    "Selection",
    "ServerProxy",
    "SourceReader",
    "kind_of",
    "publish",
]

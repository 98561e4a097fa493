"""What every child has in common: identity, labels, owner."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from presto_operator.api import API_VERSION, KIND, PrestoCluster
from presto_operator.desired.names import cluster_labels
from presto_operator.objects import KubernetesObject

_HASH_CHARACTERS = 8


def child(
    cluster: PrestoCluster,
    api_version: str,
    kind: str,
    name: str,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **fields: Any,
) -> KubernetesObject:
    """An object of the cluster: in its namespace, with its labels, and owned by it.

    The owner reference isn't set by kopf.adopt, which would copy the owner's labels to the children, Argo CD's tracking
    label among them. A cluster without a uid, read from a file, owns nothing.
    """
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": cluster.namespace,
        "labels": {**cluster_labels(cluster), **(labels or {})},
    }
    if annotations:
        metadata["annotations"] = dict(annotations)
    if cluster.uid:
        metadata["ownerReferences"] = [
            {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "name": cluster.name,
                "uid": cluster.uid,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def content_hash(content: object) -> str:
    """A short hash of `content`, which is anything that JSON can hold: a name that only equal contents share.

    Whoever sees it can find a secret in `content` by trying: `secret_hash` is for those.
    """
    return hashlib.sha256(_canonical(content)).hexdigest()[:_HASH_CHARACTERS]


def secret_hash(cluster: PrestoCluster, content: object) -> str:
    """A short hash of secret `content`, which tells nothing to those who don't have the cluster's key."""
    return hmac.new(cluster.hash_key, _canonical(content), hashlib.sha256).hexdigest()[:_HASH_CHARACTERS]


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()

"""PrestoCluster manifests, and the clusters that they describe."""

from __future__ import annotations

from typing import Any

from presto_operator.api import API_VERSION, KIND, PrestoCluster, parse_cluster

UID = "5b0f3c0e-0000-4000-8000-000000000001"


def manifest(*, name: str = "adhoc", namespace: str = "analytics", uid: str = UID, **spec: Any) -> dict[str, Any]:
    """A PrestoCluster as the API server has it: the smallest valid one, with these fields of its spec set."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid,
            "generation": 1,
            "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"version": "0.287", **spec},
    }


def cluster(*, name: str = "adhoc", namespace: str = "analytics", uid: str = UID, **spec: Any) -> PrestoCluster:
    """The cluster that `manifest` of the same arguments describes."""
    return parse_cluster(manifest(name=name, namespace=namespace, uid=uid, **spec))

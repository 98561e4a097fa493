"""Events: what `kubectl describe` and `kubectl get events` show of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from presto_operator.objects import MANAGER, KubernetesObject, Notice

_MAX_MESSAGE_LENGTH = 1024
"""What the API server takes as an Event's message."""


def event(cluster: Mapping[str, Any], notice: Notice, *, name: str, now: datetime) -> KubernetesObject:
    """The Event, under this name, that tells of `notice` about `cluster`, a PrestoCluster as the API server has it."""
    metadata = cluster["metadata"]
    timestamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": metadata["namespace"], "name": name},
        "involvedObject": {
            "apiVersion": cluster["apiVersion"],
            "kind": cluster["kind"],
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "type": notice.type,
        "reason": notice.reason,
        "message": notice.message[:_MAX_MESSAGE_LENGTH],
        "source": {"component": MANAGER},
        "firstTimestamp": timestamp,
        "lastTimestamp": timestamp,
        "count": 1,
    }

"""Kubernetes Events about a cluster: what `kubectl describe` and `kubectl get events` show."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from presto_operator.desired import MANAGER, KubernetesObject
from presto_operator.kube.client import ApiError, KubernetesClient

_MAX_MESSAGE_LENGTH = 1024
"""What the API server takes as an Event's message."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notice:
    """Something that happened to a cluster and that its owner may want to know."""

    type: Literal["Normal", "Warning"]
    reason: str
    """One word in CamelCase."""
    message: str


async def publish(client: KubernetesClient, cluster: KubernetesObject, notice: Notice, now: datetime) -> None:
    """Write a notice as an Event. A failure is logged and forgotten: no decision may hang on telling of it."""
    metadata = cluster["metadata"]
    timestamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": metadata["namespace"], "name": f"{metadata['name']}.{uuid.uuid4().hex[:16]}"},
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
    try:
        await client.create(event)
    except ApiError as error:
        _logger.warning("Event %s of %s/%s is lost: %s", notice.reason, metadata["namespace"], metadata["name"], error)

"""Publishing Events."""

from __future__ import annotations

import hashlib
import logging
import uuid
from datetime import datetime

from presto_operator.kube.client import ApiError, KubernetesClient
from presto_operator.kube.event import event
from presto_operator.objects import KubernetesObject, Notice

_logger = logging.getLogger(__name__)


async def publish(
    client: KubernetesClient, cluster: KubernetesObject, notice: Notice, now: datetime, *, once_for: str | None = None
) -> None:
    """Write a notice as an Event. A failure is logged and forgotten: no decision may hang on telling of it.

    Args:
        client: where to write it.
        cluster: the PrestoCluster that it is about.
        notice: what there is to tell.
        now: when it happened.
        once_for: what it is about, if it is to be told once only, however often it is found out: as long as the API
            server keeps its Event, a notice of the same reason about the same isn't written again.
    """
    metadata = cluster["metadata"]
    told = hashlib.sha256(f"{notice.reason} {once_for}".encode()).hexdigest() if once_for else uuid.uuid4().hex
    try:
        await client.create(event(cluster, notice, name=f"{metadata['name']}.{told[:16]}", now=now))
    except ApiError as error:
        if once_for is not None and error.status == 409:
            return
        _logger.warning("Event %s of %s/%s is lost: %s", notice.reason, metadata["namespace"], metadata["name"], error)

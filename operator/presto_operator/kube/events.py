"""Publishing Events."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from presto_operator.desired import KubernetesObject, Notice, event
from presto_operator.kube.client import ApiError, KubernetesClient

_logger = logging.getLogger(__name__)


async def publish(client: KubernetesClient, cluster: KubernetesObject, notice: Notice, now: datetime) -> None:
    """Write a notice as an Event. A failure is logged and forgotten: no decision may hang on telling of it."""
    metadata = cluster["metadata"]
    try:
        await client.create(event(cluster, notice, name=f"{metadata['name']}.{uuid.uuid4().hex[:16]}", now=now))
    except ApiError as error:
        _logger.warning("Event %s of %s/%s is lost: %s", notice.reason, metadata["namespace"], metadata["name"], error)

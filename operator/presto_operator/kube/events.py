"""Events: what `kubectl describe` and `kubectl get events` show of a cluster."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from presto_operator.bounds import MAX_EVENT_BYTES
from presto_operator.kube.api_server import ApiError, ObjectWriter
from presto_operator.objects import (
    MANAGER,
    KubernetesObject,
    Notice,
    clipped,
    format_time,
    name_of,
    namespace_of,
    uid_of,
)

_logger = logging.getLogger(__name__)


async def publish(
    api: ObjectWriter, cluster: KubernetesObject, notice: Notice, now: datetime, *, once_for: str | None = None
) -> None:
    """Write a notice as an Event. If that fails it is logged and not tried again: no decision depends on an Event.

    Args:
        api: the API server.
        cluster: the PrestoCluster that the notice is about.
        notice: what happened.
        now: when it happened.
        once_for: what else identifies the notice, if it is to be published only once although it is found again and
            again. Until the API server removes the Event (after an hour by default), no second one is written for the
            same reason and the same `once_for`.
    """
    identity = hashlib.sha256(f"{notice.reason} {once_for}".encode()).hexdigest() if once_for else uuid.uuid4().hex
    try:
        await api.create(_event(cluster, notice, name=f"{name_of(cluster)}.{identity[:16]}", now=now))
    except ApiError as error:
        if once_for is not None and error.status == 409:
            return
        key = f"{namespace_of(cluster)}/{name_of(cluster)}"
        _logger.warning("%s: Event %s could not be written: %s", key, notice.reason, error)


def _event(cluster: Mapping[str, Any], notice: Notice, *, name: str, now: datetime) -> KubernetesObject:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": namespace_of(cluster), "name": name},
        "involvedObject": {
            "apiVersion": cluster["apiVersion"],
            "kind": cluster["kind"],
            "name": name_of(cluster),
            "namespace": namespace_of(cluster),
            "uid": uid_of(cluster),
            "resourceVersion": cluster["metadata"]["resourceVersion"],
        },
        "type": notice.type,
        "reason": notice.reason,
        "message": clipped(notice.message, MAX_EVENT_BYTES),
        "source": {"component": MANAGER},
        "firstTimestamp": format_time(now),
        "lastTimestamp": format_time(now),
        "count": 1,
    }

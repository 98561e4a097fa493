"""The status of a cluster that the operator could not reconcile because of a defect of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from presto_operator.objects import (
    DegradedReason,
    EventReason,
    KubernetesObject,
    Notice,
    format_time,
    masked,
    metadata_generation,
)

_QUOTED_CHARACTERS = 300
"""How much of the error is quoted: it may quote a field of any length itself."""


def internal_error_status(body: KubernetesObject, error: Exception, now: datetime) -> dict[str, Any]:
    """The status so far with the condition Degraded telling of the error; all else stays, as nothing else is known.

    Args:
        body: the PrestoCluster.
        error: what ended the pass.
        now: the time.
    """
    status: Mapping[str, Any] = body.get("status") or {}
    conditions = list(status.get("conditions", []))
    before: Mapping[str, Any] = next((item for item in conditions if item["type"] == "Degraded"), {})
    degraded = {
        "type": "Degraded",
        "status": "True",
        "reason": str(DegradedReason.INTERNAL_ERROR),
        "message": _message(error),
        "observedGeneration": metadata_generation(body),
        "lastTransitionTime": before["lastTransitionTime"] if before.get("status") == "True" else format_time(now),
    }
    others = [item for item in conditions if item["type"] != "Degraded"]
    return {**status, "phase": "Degraded", "conditions": [*others, degraded]}


def internal_error_event(body: KubernetesObject, error: Exception) -> Notice | None:
    """The Event of the error; None if it was reported before."""
    conditions = (body.get("status") or {}).get("conditions", [])
    reported = {item["message"] for item in conditions if item["reason"] == DegradedReason.INTERNAL_ERROR}
    message = _message(error)
    return None if message in reported else Notice("Warning", EventReason.INTERNAL_ERROR, message)


def _message(error: Exception) -> str:
    words = masked(f"{type(error).__name__}: {error}")[:_QUOTED_CHARACTERS]
    return (
        f"the operator failed to reconcile this cluster ({words}). The cluster stays as it is, and the operator "
        "retries. Its log has the details: please report them"
    )

"""Events: what happened to a cluster that somebody would act on, or look for later. Pure.

A return to normal is an Event only if somebody waits for it. What belongs to one change has as few Events as tell it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from presto_operator.objects import (
    AutoscalingReason,
    DegradedReason,
    EventReason,
    Notice,
    ReadyReason,
    duration_text,
    kubernetes_time,
)
from presto_operator.planning import Autoscaled, Plan, Seen, Valid, autoscaling_notices

_Condition = Mapping[str, Any]

_QUOTED_CHARACTERS = 300
"""How much of a problem's message its end repeats."""

_PROBLEMS: Mapping[str, EventReason] = {
    DegradedReason.INTERNAL_ERROR: EventReason.INTERNAL_ERROR,
    DegradedReason.APPLY_FAILED: EventReason.APPLY_FAILED,
    DegradedReason.PODS_REFUSED: EventReason.PODS_REFUSED,
    DegradedReason.PODS_REJECTED: EventReason.PODS_REJECTED,
    DegradedReason.PODS_FAILING: EventReason.PODS_FAILING,
    DegradedReason.POOLS_FULL: EventReason.POOLS_FULL,
}


def condition_events(previous: Mapping[str, Any], status: Mapping[str, Any]) -> list[Notice]:
    """The Events about conditions that have changed between two statuses.

    Args:
        previous: the status so far; empty for a new cluster.
        status: the status now.
    """
    before = _by_type(previous)
    now = _by_type(status)
    events = [
        _valid(before.get("Valid"), now["Valid"]),
        _ready(before.get("Ready"), now["Ready"], previous),
        _degraded(before.get("Degraded"), now["Degraded"]),
        _metastore(before.get("MetastoreAvailable"), now.get("MetastoreAvailable")),
        _autoscaling(before.get("AutoscalingActive"), now.get("AutoscalingActive"), now["Ready"]),
    ]
    return [event for event in events if event is not None]


def scaling_events(
    seen: Seen, plan: Plan | None, autoscaled: Autoscaled | None, status: Mapping[str, Any]
) -> list[Notice]:
    """The Event about a change of the desired number of workers, with its cause.

    Args:
        seen: what the pass has seen.
        plan: what it has planned; None if the spec isn't known to be valid.
        autoscaled: what autoscaling has decided.
        status: the status now.
    """
    if plan is None or autoscaled is None or not isinstance(seen.spec, Valid):
        return []
    decided = autoscaling_notices(autoscaled)
    if decided and _is_active(seen.spec):
        return decided
    before, now = (item.get("workers", {}).get("desiredReplicas") for item in (seen.memory.status, status))
    if seen.memory.serving_generation is None or before in (None, now):
        return decided
    cause = _scaling_cause(seen.spec, plan, autoscaled, now)
    reason = EventReason.SCALED_UP if now > before else EventReason.SCALED_DOWN
    return [*decided, *([Notice("Normal", reason, f"workers {before} → {now} ({cause})")] if cause else [])]


def _scaling_cause(spec: Valid, plan: Plan, autoscaled: Autoscaled, desired: int) -> str:
    """The field of the spec that the number comes from; empty if autoscaling has decided it, which had its Event."""
    if plan.hold.last_worker:
        return "the last worker is kept until no queries run; then 0"
    if desired > autoscaled.workers:
        return "the pools' minReplicas"
    if desired < autoscaled.workers:
        return "the pools' maxReplicas"
    return "" if _is_active(spec) else "workers.replicas"


def _is_active(spec: Valid) -> bool:
    settings = spec.cluster.spec.autoscaling
    return settings is not None and settings.mode == "Active"


def _valid(before: _Condition | None, now: _Condition) -> Notice | None:
    was_rejected = before is not None and before["status"] == "False"
    if now["status"] == "False":
        is_same = was_rejected and before is not None and before["message"] == now["message"]
        return None if is_same else Notice("Warning", EventReason.SPEC_REJECTED, now["message"])
    if now["status"] == "True" and was_rejected:
        return Notice("Normal", EventReason.SPEC_ACCEPTED, f"{now['message']}; applying it")
    return None


def _ready(before: _Condition | None, now: _Condition, previous: Mapping[str, Any]) -> Notice | None:
    if before is not None and before["status"] == now["status"]:
        return None
    if now["status"] == "True":
        after = f", after {_lasted(before, now)}" if before is not None else ""
        return Notice("Normal", EventReason.READY, f"{now['message']}{after}")
    # A cluster that is scaled up from zero has no worker that is ready: the Event of the scale-up says enough.
    had_workers = previous.get("workers", {}).get("desiredReplicas", 0) > 0
    if before is None or (now["reason"] == ReadyReason.NO_WORKER_READY and not had_workers):
        return None
    return Notice("Warning", EventReason.NOT_READY, now["message"])


def _degraded(before: _Condition | None, now: _Condition) -> Notice | None:
    was = before["reason"] if before is not None and before["status"] == "True" else None
    if now["status"] == "True":
        is_new = now["reason"] != was
        return Notice("Warning", _PROBLEMS[now["reason"]], now["message"]) if is_new else None
    if before is None or was is None:
        return None
    problem = _shortened(before["message"])
    return Notice("Normal", EventReason.RECOVERED, f"{was} is over after {_lasted(before, now)}: {problem}")


def _metastore(before: _Condition | None, now: _Condition | None) -> Notice | None:
    # Whether it answers may be unknown for a while: only a change of what is known is news.
    was_away = before is not None and before["status"] == "False"
    if now is None:
        return None
    if now["status"] == "False":
        is_same = was_away and before is not None and before["reason"] == now["reason"]
        return None if is_same else Notice("Warning", EventReason.METASTORE_UNAVAILABLE, now["message"])
    if now["status"] == "True" and was_away:
        message = f"back after {_lasted(before, now)}: {now['message']}"
        return Notice("Normal", EventReason.METASTORE_AVAILABLE, message)
    return None


def _autoscaling(before: _Condition | None, now: _Condition | None, ready: _Condition) -> Notice | None:
    if before is None or now is None or before["reason"] == now["reason"]:
        return None
    if now["reason"] == AutoscalingReason.REPLICAS_IGNORED:
        return Notice("Warning", EventReason.REPLICAS_IGNORED, now["message"])
    # A coordinator that isn't ready reports nothing, and has an Event of its own.
    if now["reason"] == AutoscalingReason.NO_DATA and ready["status"] == "True":
        return Notice("Warning", EventReason.AUTOSCALING_NO_DATA, now["message"])
    return None


def _by_type(status: Mapping[str, Any]) -> dict[str, _Condition]:
    return {condition["type"]: condition for condition in status.get("conditions", [])}


def _lasted(before: _Condition | None, now: _Condition) -> str:
    moments = [kubernetes_time(item["lastTransitionTime"]) for item in (before or now, now)]
    begun, ended = (moment for moment in moments if moment is not None)
    return duration_text(max(ended - begun, timedelta(0)))


def _shortened(message: str) -> str:
    return message if len(message) <= _QUOTED_CHARACTERS else f"{message[:_QUOTED_CHARACTERS]} ..."

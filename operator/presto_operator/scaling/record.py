"""What status says of a decision, and where the next one starts from."""

from __future__ import annotations

from datetime import datetime

from presto_operator.api import (
    MAX_DECISIONS,
    Autoscaling,
    AutoscalingHistory,
    AutoscalingStatus,
    ScalingDecision,
    whole_second,
)
from presto_operator.scaling.autoscaler import Decision


def starting_point(
    settings: Autoscaling, previous: AutoscalingStatus | None, replicas: int
) -> tuple[int, AutoscalingHistory]:
    """Workers that there shall be as things stand, and what is known of the past: what `decide` takes.

    In Advisory mode that is what there would be had it been followed. Who switches from Advisory to Active starts from
    what runs.

    Args:
        settings: what the spec says of autoscaling.
        previous: what status says of it; None: nothing.
        replicas: `workers.replicas`, which rules where autoscaling doesn't.
    """
    if previous is None:
        return replicas, AutoscalingHistory()
    is_followed_first = settings.mode == "Active" and previous.mode != "Active"
    return (replicas if is_followed_first else previous.desired), previous.history


def autoscaling_status(
    settings: Autoscaling, previous: AutoscalingStatus | None, decision: Decision, *, wanted: int, now: datetime
) -> AutoscalingStatus:
    """What status says of autoscaling after a decision; the same as before if nothing has changed.

    Args:
        settings: what the spec says of autoscaling.
        previous: what status said of it before.
        decision: what was decided.
        wanted: workers that there were to be before that.
        now: the time of the decision.
    """
    decisions = previous.decisions if previous is not None else ()
    if decision.wanted != wanted:
        newest = ScalingDecision(
            time=whole_second(now),
            from_replicas=wanted,
            to_replicas=decision.wanted,
            reason=decision.reason,
            message=decision.message,
        )
        decisions = (newest, *decisions)[:MAX_DECISIONS]
    return AutoscalingStatus(
        mode=settings.mode,
        desired=decision.wanted,
        limited_by=decision.limited_by,
        decisions=decisions,
        history=decision.history,
    )

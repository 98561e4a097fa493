"""Autoscaling's decisions in status, and where the next decision starts from."""

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
    """The workers desired so far, and the history: the input of `decide`.

    In Advisory mode that is the last recommendation. A switch from Advisory to Active starts from what runs.

    Args:
        settings: spec.autoscaling.
        previous: status.autoscaling; None if there is none.
        replicas: `workers.replicas`, which applies without autoscaling.
    """
    if previous is None:
        return replicas, AutoscalingHistory()
    is_followed_first = settings.mode == "Active" and previous.mode != "Active"
    return (replicas if is_followed_first else previous.desired), previous.history


def autoscaling_status(
    settings: Autoscaling, previous: AutoscalingStatus | None, decision: Decision, *, wanted: int, now: datetime
) -> AutoscalingStatus:
    """status.autoscaling after a decision; unchanged if nothing has changed.

    Args:
        settings: spec.autoscaling.
        previous: status.autoscaling before; None if there was none.
        decision: what was decided.
        wanted: workers desired before the decision.
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

"""`status.autoscaling`: what was decided, why, and what the next decision needs to know of the last ones."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from presto_operator.api.autoscaling import AutoscalingMode
from presto_operator.api.model import Model

MAX_DECISIONS = 10
MAX_PEAKS = 40
MAX_SCALE_EVENTS = 40

DecisionReason = Literal[
    "QueryDemand",
    "WorkerCPU",
    "MinReplicas",
    "MaxReplicas",
    "ScheduleFloor",
    "ScheduleCeiling",
    "ScaleUpPolicy",
    "ScaleDownPolicy",
    "Stabilization",
    "Idle",
    "SamplesMissing",
]
"""What a number of workers comes from, in one word."""


class PastRecommendation(Model):
    """A number of workers that the load asked for at some time."""

    workers: int = Field(description="Workers that were recommended.")
    until: AwareDatetime = Field(description="When it was another number.")


class ScaleEvent(Model):
    """A change of the number of workers."""

    workers: int = Field(description="How many came, or went.")
    time: AwareDatetime = Field(description="When it was decided.")


class AutoscalingHistory(Model):
    """What windows and policies need to know of the past, in as few entries as give the same answers."""

    recommended: int | None = Field(
        default=None, description="Workers that the load asks for, without bounds, windows and policies."
    )
    highs: tuple[PastRecommendation, ...] = Field(
        default=(),
        max_length=MAX_PEAKS,
        description="Higher recommendations that the window of behavior.scaleDown reaches back to, highest first.",
    )
    lows: tuple[PastRecommendation, ...] = Field(
        default=(),
        max_length=MAX_PEAKS,
        description="Lower recommendations that the window of behavior.scaleUp reaches back to, lowest first.",
    )
    scale_ups: tuple[ScaleEvent, ...] = Field(
        default=(), max_length=MAX_SCALE_EVENTS, description="Workers that came, for the policies; oldest first."
    )
    scale_downs: tuple[ScaleEvent, ...] = Field(
        default=(), max_length=MAX_SCALE_EVENTS, description="Workers that went, for the policies; oldest first."
    )
    idle_since: AwareDatetime | None = Field(
        default=None, description="Since when there is no query; not there while there is one."
    )


class ScalingDecision(Model):
    """A change of the number of workers, and why."""

    time: AwareDatetime = Field(description="When it was decided.")
    from_replicas: int = Field(description="Workers wanted before.")
    to_replicas: int = Field(description="Workers wanted since then.")
    reason: DecisionReason = Field(description="One word for machines.")
    message: str = Field(description="The numbers that led to it.")


class AutoscalingStatus(Model):
    """What was decided, and what the next decision needs to know."""

    mode: AutoscalingMode = Field(description="The mode that this was decided in.")
    desired: int = Field(description="Workers wanted by autoscaling; in Advisory mode, those that it would want.")
    replicas_at_start: int | None = Field(
        default=None,
        description="What workers.replicas was when mode became Active; who has changed it since then is not heeded.",
    )
    limited_by: DecisionReason | None = Field(
        default=None, description="What keeps desired from what the load asks for; not there if nothing does."
    )
    decisions: tuple[ScalingDecision, ...] = Field(
        default=(), max_length=MAX_DECISIONS, description="The last decisions, the newest first."
    )
    history: AutoscalingHistory = Field(
        default_factory=AutoscalingHistory,
        description="What the next decision needs to know of the past: a restart of the operator changes nothing.",
    )

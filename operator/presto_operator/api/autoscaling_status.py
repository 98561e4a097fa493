"""`status.autoscaling`: the decisions with their reasons, and what the next decision needs to know of them."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from presto_operator.api.autoscaling import AutoscalingMode
from presto_operator.api.model import Model

MAX_DECISIONS = 10
MAX_PEAKS = 40
MAX_SCALE_EVENTS = 130
"""More than a change every 15 s, as often as HPA looks, within the longest period of a policy (1800 s)."""

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
"""What determined a number of workers, in one word."""


class PastRecommendation(Model):
    """A number of workers that was recommended for the load at some time."""

    workers: int = Field(description="Workers that were recommended.")
    until: AwareDatetime = Field(description="When the recommendation changed.")


class ScaleEvent(Model):
    """A change of the number of workers."""

    workers: int = Field(description="Number of workers that were added or removed.")
    time: AwareDatetime = Field(description="When it was decided.")


class AutoscalingHistory(Model):
    """What stabilization windows and policies need to know of the past, in as few entries as possible."""

    recommended: int | None = Field(
        default=None, description="Workers recommended for the load, before bounds, windows and policies."
    )
    highs: tuple[PastRecommendation, ...] = Field(
        default=(),
        max_length=MAX_PEAKS,
        description="Higher recommendations within the stabilization window of behavior.scaleDown, highest first.",
    )
    lows: tuple[PastRecommendation, ...] = Field(
        default=(),
        max_length=MAX_PEAKS,
        description="Lower recommendations within the stabilization window of behavior.scaleUp, lowest first.",
    )
    scale_ups: tuple[ScaleEvent, ...] = Field(
        default=(), max_length=MAX_SCALE_EVENTS, description="Recently added workers, for the policies, oldest first."
    )
    scale_downs: tuple[ScaleEvent, ...] = Field(
        default=(), max_length=MAX_SCALE_EVENTS, description="Recently removed workers, for the policies, oldest first."
    )
    idle_since: AwareDatetime | None = Field(
        default=None, description="Since when there has been no query. Not set while there are queries."
    )


class ScalingDecision(Model):
    """A change of the number of workers, and its reason."""

    time: AwareDatetime = Field(description="When it was decided.")
    from_replicas: int = Field(description="Desired workers before the decision.")
    to_replicas: int = Field(description="Desired workers after the decision.")
    reason: DecisionReason = Field(description="The reason in one word, for programs.")
    message: str = Field(description="The numbers that led to the decision.")


class AutoscalingStatus(Model):
    """The decisions, and what the next one needs to know."""

    mode: AutoscalingMode = Field(description="Mode of autoscaling for which this was decided.")
    desired: int = Field(
        description="Desired workers according to autoscaling; in Advisory mode only a recommendation."
    )
    replicas_at_start: int | None = Field(
        default=None,
        description="workers.replicas when mode became Active. Later changes to workers.replicas are ignored.",
    )
    limited_by: DecisionReason | None = Field(
        default=None, description="What keeps desired from the recommendation for the load. Not set if nothing does."
    )
    decisions: tuple[ScalingDecision, ...] = Field(
        default=(), max_length=MAX_DECISIONS, description="The last decisions, newest first."
    )
    history: AutoscalingHistory = Field(
        default_factory=AutoscalingHistory,
        description="What the next decision needs to know of the past. It survives a restart of the operator.",
    )

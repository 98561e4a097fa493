"""The value of a condition, before it is written, and the reasons that each condition can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from presto_operator.api import ConditionType
from presto_operator.metastore import Outcome
from presto_operator.objects import (
    AutoscalingReason,
    DegradedReason,
    DrainingReason,
    ProgressingReason,
    ReadyReason,
    ValidReason,
)

ConditionStatus = Literal["True", "False", "Unknown"]

ConditionReason = (
    ValidReason | ReadyReason | ProgressingReason | DegradedReason | DrainingReason | AutoscalingReason | Outcome
)

CONDITION_REASONS: Mapping[ConditionType, type[ConditionReason]] = MappingProxyType(
    {
        "Valid": ValidReason,
        "Ready": ReadyReason,
        "Progressing": ProgressingReason,
        "Degraded": DegradedReason,
        "Draining": DrainingReason,
        "MetastoreAvailable": Outcome,
        "AutoscalingActive": AutoscalingReason,
    }
)
"""The reasons that each condition can have. Those of Events are `EventReason`."""


@dataclass(frozen=True)
class Verdict:
    """What a condition says."""

    type: ConditionType
    status: ConditionStatus
    reason: ConditionReason
    message: str


def read_verdict(condition: Mapping[str, Any]) -> Verdict | None:
    """A condition of a status; None if this release doesn't know its type or its reason."""
    try:
        reason = CONDITION_REASONS[condition["type"]](condition["reason"])
    except (KeyError, ValueError):
        return None
    return Verdict(condition["type"], condition["status"], reason, condition.get("message", ""))

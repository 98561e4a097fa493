"""The reasons of every condition. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

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

CONDITION_REASONS: Mapping[ConditionType, type[StrEnum]] = MappingProxyType(
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
"""The reasons that each condition can have. Those of Events are `presto_operator.objects.reasons.EventReason`."""

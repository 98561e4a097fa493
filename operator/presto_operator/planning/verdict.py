"""The value of a condition, before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from presto_operator.api import ConditionType

ConditionStatus = Literal["True", "False", "Unknown"]


@dataclass(frozen=True)
class Verdict:
    """What a condition shall say."""

    type: ConditionType
    status: ConditionStatus
    reason: str
    message: str

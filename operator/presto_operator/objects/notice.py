"""An Event about a cluster, before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from presto_operator.objects.reasons import EventReason


@dataclass(frozen=True)
class Notice:
    """Something that happened to a cluster and that somebody would act on, or look for later."""

    type: Literal["Normal", "Warning"]
    """Warning if queries may fail because of it, or if somebody may have to act."""
    reason: EventReason
    message: str

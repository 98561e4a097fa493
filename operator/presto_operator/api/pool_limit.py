"""What is remembered in status of a pool that is short of nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from presto_operator.api.model import Model

LimitReason = Literal["Reclaimed", "Unschedulable"]


class PoolLimit(Model):
    """A pool that gets fewer workers than its share for now, because its nodes were reclaimed or can't be had."""

    reason: LimitReason = Field(description="Why: its nodes were reclaimed, or its workers found none.")
    most: int = Field(ge=0, description="Workers that the pool gets at most for now; minReplicas hold all the same.")
    until: AwareDatetime = Field(description="When the pool is tried with more workers.")
    step: int = Field(default=1, ge=1, description="How many more workers it is tried with then.")
    failures: int = Field(default=0, ge=0, description="Tries in a row that found no node; each doubles the wait.")
    reclaimed_at: AwareDatetime | None = Field(
        default=None, description="The newest reclaim that is accounted for in this limit."
    )


def whole_second(moment: datetime) -> datetime:
    """`moment` as status holds it: without fractions of a second, which would only make equal states differ."""
    return moment.replace(microsecond=0)

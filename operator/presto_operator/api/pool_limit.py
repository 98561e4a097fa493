"""What status remembers of a pool that is short of nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from presto_operator.api.model import Model

LimitReason = Literal["Reclaimed", "Unschedulable"]


class PoolLimit(Model):
    """A pool that currently gets fewer workers than its share, because nodes were reclaimed or are unavailable."""

    reason: LimitReason = Field(
        description="Reclaimed: its nodes were reclaimed. Unschedulable: there were no nodes for its workers."
    )
    most: int = Field(ge=0, description="Maximum workers of the pool until then; its minReplicas applies all the same.")
    until: AwareDatetime = Field(description="When the pool is probed with more workers.")
    step: int = Field(default=1, ge=1, description="How many more workers it is then probed with.")
    failures: int = Field(default=0, ge=0, description="Consecutive probes that got no node; each doubles the wait.")
    reclaimed_at: AwareDatetime | None = Field(
        default=None, description="The newest reclaim that this limit takes into account."
    )


def whole_second(moment: datetime) -> datetime:
    """`moment` as status stores it: without fractions of a second, which would only make equal states differ."""
    return moment.replace(microsecond=0)

"""`workers.placement`: how workers are shared out over pools that can't always be had."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from presto_operator.api.duration import Duration, check_bounds, duration_seconds
from presto_operator.api.model import Model, rule, schema


class PlacementSettings(Model):
    """When a pool counts as short of nodes, and for how long it is left alone then."""

    model_config = schema(
        rule("duration(self.unschedulableAfter) >= duration('10s')", "unschedulableAfter must not be less than 10s"),
        rule("duration(self.unschedulableAfter) <= duration('1h')", "unschedulableAfter must not be more than 1h"),
        rule("duration(self.reclaimPenalty) >= duration('1m')", "reclaimPenalty must not be less than 1m"),
        rule("duration(self.reclaimPenalty) <= duration('24h')", "reclaimPenalty must not be more than 24h"),
    )

    unschedulable_after: Duration = Field(
        default="2m",
        description=(
            "How long a worker may wait for a node before another pool gets it; longer than a node takes to start. "
            "10s to 1h."
        ),
    )
    reclaim_penalty: Duration = Field(
        default="15m",
        description=(
            "For how long a pool gets no more workers after nodes of it were reclaimed, or couldn't be had; then it is "
            "tried with one, and more as they get nodes. 1m to 24h."
        ),
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        check_bounds("unschedulableAfter", self.unschedulable_after, least="10s", most="1h")
        check_bounds("reclaimPenalty", self.reclaim_penalty, least="1m", most="24h")
        return self

    @property
    def longest_wait(self) -> timedelta:
        """How long a worker may wait for a node."""
        return timedelta(seconds=duration_seconds(self.unschedulable_after))

    @property
    def penalty(self) -> timedelta:
        """For how long a pool gets no more workers."""
        return timedelta(seconds=duration_seconds(self.reclaim_penalty))

"""`workers.placement`: how workers are distributed over pools whose nodes are not always available."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from presto_operator.api.duration import Between, Duration, duration_seconds
from presto_operator.api.model import Model


class PlacementSettings(Model):
    """When a pool counts as short of nodes, and for how long it then gets no new workers."""

    unschedulable_after: Annotated[Duration, Between("10s", "1h")] = Field(
        default="2m",
        description=(
            "How long a worker may be unschedulable before another pool gets it. Should be longer than a node takes "
            "to start."
        ),
    )
    reclaim_penalty: Annotated[Duration, Between("1m", "24h")] = Field(
        default="15m",
        description=(
            "How long a pool gets no new workers after its nodes were reclaimed or unavailable. Afterwards it is "
            "probed with one worker, then with more as they get nodes."
        ),
    )

    @property
    def longest_wait(self) -> timedelta:
        """How long a worker may be unschedulable."""
        return timedelta(seconds=duration_seconds(self.unschedulable_after))

    @property
    def penalty(self) -> timedelta:
        """How long a pool gets no new workers."""
        return timedelta(seconds=duration_seconds(self.reclaim_penalty))

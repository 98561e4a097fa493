"""`workers`: how many, and on which pools of nodes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.duration import Between, Duration
from presto_operator.api.field_rules import KeyedBy
from presto_operator.api.model import Model, nested
from presto_operator.api.placement import PlacementSettings
from presto_operator.api.pool import DEFAULT_POOL_NAME, MAX_WORKERS, Pool
from presto_operator.api.role import Role
from presto_operator.api.rollout import Rollout


class Drain(Model):
    """How a worker is drained: it accepts no new tasks, finishes the tasks that it has, and then exits."""

    timeout: Annotated[Duration, Between("0s", "24h")] = Field(
        default="30m",
        description=(
            "How long a draining worker may take to finish its tasks. Tasks that are still running then fail, so it "
            "should be longer than the longest query."
        ),
    )
    grace_period: Annotated[Duration, Between("0s", "10m")] = Field(
        default="10s",
        description=(
            "Presto's shutdown.grace-period. A draining worker waits this long twice, before and after it finishes "
            "its tasks. Since the coordinator asks workers for their state every 5s, it may still send tasks to a "
            "draining worker if this is less than 10s."
        ),
    )


def _default_pools() -> tuple[Pool, ...]:
    return (Pool(name=DEFAULT_POOL_NAME),)


class Workers(Role):
    """The workers: they run the tasks of queries, and their number is what is scaled."""

    replicas: int = Field(
        default=1,
        strict=True,
        ge=0,
        le=MAX_WORKERS,
        description="Workers in all pools together. `kubectl scale` and a HorizontalPodAutoscaler write this field.",
    )
    drain: Drain = nested(Drain, "How workers are drained on scale-down, roll-out and eviction.")
    placement: PlacementSettings = nested(PlacementSettings, "How workers are distributed over the pools.")
    rollout: Rollout = nested(Rollout, "How fast changed workers replace the old ones.")
    pools: Annotated[tuple[Pool, ...], Field(min_length=1, max_length=32), KeyedBy("name")] = Field(
        default_factory=_default_pools,
        description=(
            "Pools of nodes over which the workers are distributed: first each pool's minReplicas; then Spot and Any "
            "pools by price and number of instance types, evenly if these are equal; then OnDemand pools. "
            f'Default: one pool named "{DEFAULT_POOL_NAME}".'
        ),
        json_schema_extra={"default": [{"name": DEFAULT_POOL_NAME}]},
    )

"""`workers`: how many, and on which pools of nodes."""

from __future__ import annotations

from pydantic import Field, model_validator

from presto_operator.api.duration import Duration, check_bounds
from presto_operator.api.model import Model, nested, rule, schema
from presto_operator.api.placement import PlacementSettings
from presto_operator.api.pool import DEFAULT_POOL_NAME, MAX_WORKERS, Pool
from presto_operator.api.role import HEAP_RULE, Role
from presto_operator.api.rollout import Rollout


class Drain(Model):
    """How a worker leaves: it takes no more tasks, finishes those that it has, and then exits."""

    model_config = schema(
        rule("duration(self.timeout) <= duration('24h')", "timeout must not be more than 24h"),
        rule("duration(self.gracePeriod) <= duration('10m')", "gracePeriod must not be more than 10m"),
    )

    timeout: Duration = Field(
        default="30m",
        description=(
            "How long a leaving worker may take to finish its tasks. What still runs then fails, so it should be "
            "longer than the longest query. At most 24h."
        ),
    )
    grace_period: Duration = Field(
        default="10s",
        description=(
            "Presto's shutdown.grace-period, which a leaving worker waits twice: before and after its tasks. The "
            "coordinator asks workers for their state every 5s; less than 10s risks tasks sent to a leaving worker."
        ),
    )

    @model_validator(mode="after")
    def _bounded(self) -> Drain:
        check_bounds("timeout", self.timeout, most="24h")
        check_bounds("gracePeriod", self.grace_period, most="10m")
        return self


def _default_pools() -> tuple[Pool, ...]:
    return (Pool(name=DEFAULT_POOL_NAME),)


class Workers(Role):
    """The workers: they run the tasks of queries, and are what is scaled."""

    model_config = schema(HEAP_RULE)

    replicas: int = Field(
        default=1,
        strict=True,
        ge=0,
        le=MAX_WORKERS,
        description="Workers in all pools together. `kubectl scale` and a HorizontalPodAutoscaler write this field.",
    )
    drain: Drain = nested(Drain, "How a worker leaves on scale-down, roll-out or eviction.")
    placement: PlacementSettings = nested(PlacementSettings, "How the workers are shared out over the pools.")
    rollout: Rollout = nested(Rollout, "How fast workers are replaced when what they run has changed.")
    pools: tuple[Pool, ...] = Field(
        default_factory=_default_pools,
        min_length=1,
        max_length=32,
        description=(
            "Pools of nodes that the workers are shared out over: each pool's minimum first, OnDemand pools last, the "
            "rest by price and number of instance types, evenly unless told."
        ),
        json_schema_extra={
            "default": [{"name": DEFAULT_POOL_NAME}],
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    )

    @model_validator(mode="after")
    def _pool_names_are_unique(self) -> Workers:
        names = [pool.name for pool in self.pools]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'pools must have different names: "{name}" is there {names.count(name)} times')
        return self

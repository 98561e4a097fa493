"""`workers`: how many, and on which pools of nodes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from presto_operator.api.duration import Duration, duration_seconds
from presto_operator.api.model import Model, nested, rule, schema
from presto_operator.api.role import HEAP_RULE, NodeSelector, Role, Toleration

MAX_WORKERS = 1000
MAX_POOL_NAME_LENGTH = 15
DEFAULT_POOL_NAME = "workers"
RESERVED_POOL_NAME = "coordinator"
"""Deployments are named `<cluster>-<pool>-<generation>`, and the coordinator's has this for its pool."""

_MIN_MAX_RULE = rule(
    "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
    "minReplicas must not be greater than maxReplicas",
)


class Pool(Model):
    """A set of interchangeable nodes on which workers run."""

    model_config = schema(
        _MIN_MAX_RULE,
        rule(f"self.name != '{RESERVED_POOL_NAME}'", f'a pool must not be named "{RESERVED_POOL_NAME}"'),
    )

    name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=MAX_POOL_NAME_LENGTH, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"),
    ] = Field(description="Name of the pool, unique in the cluster; part of the names of its pods.")
    min_replicas: int = Field(
        default=0,
        strict=True,
        ge=0,
        le=MAX_WORKERS,
        description="Workers that this pool always has, whatever the others have.",
    )
    max_replicas: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        le=MAX_WORKERS,
        description="Most workers that this pool may have; unbounded unless told.",
    )
    node_selector: NodeSelector = Field(
        default_factory=dict, max_length=32, description="Labels of the nodes of this pool."
    )
    tolerations: tuple[Toleration, ...] = Field(
        default=(), max_length=32, description="Taints that this pool's workers tolerate."
    )

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Pool:
        if self.max_replicas is not None and self.min_replicas > self.max_replicas:
            raise ValueError(
                f"minReplicas must not be greater than maxReplicas ({self.min_replicas} > {self.max_replicas})"
            )
        if self.name == RESERVED_POOL_NAME:
            raise ValueError(f'a pool must not be named "{RESERVED_POOL_NAME}"')
        return self


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
        for name, value, limit in (("timeout", self.timeout, "24h"), ("gracePeriod", self.grace_period, "10m")):
            if duration_seconds(value) > duration_seconds(limit):
                raise ValueError(f"{name} must not be more than {limit}")
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
    pools: tuple[Pool, ...] = Field(
        default_factory=_default_pools,
        min_length=1,
        max_length=32,
        description="Pools of nodes that the workers are shared out over: each pool's minimum first, the rest evenly.",
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

"""`workers.pools`: the sets of nodes on which workers run."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator, model_validator

from presto_operator.api.capacity import CapacityType
from presto_operator.api.model import Model, first_duplicate, rule, schema
from presto_operator.api.price import Price
from presto_operator.api.role import NodeSelector, Toleration

MAX_WORKERS = 1000
MAX_POOL_NAME_LENGTH = 15
DEFAULT_POOL_NAME = "workers"
RESERVED_POOL_NAME = "coordinator"
"""Deployments are named `<cluster>-<pool>-<revision>`, and the coordinator's has this for its pool."""

_MIN_MAX_RULE = rule(
    "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
    "minReplicas must not be greater than maxReplicas",
)

_LabelValue = Annotated[
    str, StringConstraints(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")
]
_SET: dict[str, Any] = {"x-kubernetes-list-type": "set"}


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
    capacity_type: CapacityType = Field(
        default="Any",
        description=(
            "Spot or OnDemand: only nodes that Karpenter, EKS, GKE, AKS or the label prestooperator.io/capacity-type "
            "(spot, on-demand) say are such, and their taints are tolerated. Any, unless told: every node. Spot and "
            "Any pools are filled before OnDemand pools."
        ),
    )
    instance_types: tuple[_LabelValue, ...] = Field(
        default=(),
        max_length=64,
        description=(
            "Instance types of this pool's nodes, as in their label node.kubernetes.io/instance-type, for example "
            '["r5.4xlarge", "r5a.4xlarge"]; any unless told. The more a pool has, the larger its share.'
        ),
        json_schema_extra=_SET,
    )
    zones: tuple[_LabelValue, ...] = Field(
        default=(),
        max_length=32,
        description="Zones of this pool's nodes, as in their label topology.kubernetes.io/zone; any unless told.",
        json_schema_extra=_SET,
    )
    price_per_hour: Price | None = Field(
        default=None,
        description=(
            'Price of one of its nodes for an hour, for example "0.40": the cheaper a pool, the larger its share. '
            "A pool without a price counts like the dearest of its kind that has one."
        ),
    )
    min_replicas: int = Field(
        default=0,
        strict=True,
        ge=0,
        le=MAX_WORKERS,
        description=(
            "Workers that this pool always has, whatever the others have. Of an OnDemand pool: the base that no "
            "reclaim takes away."
        ),
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
        default=(),
        max_length=32,
        description="Taints that this pool's workers tolerate, beside those that follow from capacityType.",
    )

    @field_validator("instance_types", "zones", mode="after")
    @classmethod
    def _are_different(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if (value := first_duplicate(values)) is not None:
            raise ValueError(f'"{value}" is there more than once: remove one')
        return values

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Pool:
        if self.max_replicas is not None and self.min_replicas > self.max_replicas:
            raise ValueError(
                f"minReplicas must not be greater than maxReplicas ({self.min_replicas} > {self.max_replicas})"
            )
        if self.name == RESERVED_POOL_NAME:
            raise ValueError(f'a pool must not be named "{RESERVED_POOL_NAME}"')
        return self

"""`workers.pools`: the sets of nodes on which workers run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import Matches, NotReserved, Positive, Unique
from presto_operator.api.model import Model
from presto_operator.api.model_rules import InOrder
from presto_operator.api.names import DNS_LABEL, LabelValue
from presto_operator.api.node_selection import CapacityType, NodeSelector, Tolerations
from presto_operator.objects import CAPACITY_LABEL

MAX_WORKERS = 1000
MAX_POOL_NAME_LENGTH = 15
DEFAULT_POOL_NAME = "workers"
RESERVED_POOL_NAME = "coordinator"
"""A Deployment is named `<cluster>-<pool>-<revision>`; the coordinator's has this in place of a pool."""

_PoolName = Annotated[
    str,
    Field(max_length=MAX_POOL_NAME_LENGTH),
    DNS_LABEL,
    NotReserved((RESERVED_POOL_NAME,), f'a pool must not be named "{RESERVED_POOL_NAME}": choose another name'),
]

_Price = Annotated[
    str,
    Field(max_length=13),
    Matches(
        r"^(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?$",
        'be a price in quotes, for example "0.40": at most 6 digits before and 6 digits after the point',
    ),
    Positive(),
]


class Pool(Model):
    """A set of interchangeable nodes on which workers run."""

    rules = (InOrder("min_replicas", "max_replicas"),)

    name: _PoolName = Field(
        description=(
            f"Name of the pool, unique in the cluster, at most {MAX_POOL_NAME_LENGTH} characters. It is part of its "
            "pods' names."
        )
    )
    capacity_type: CapacityType = Field(
        default="Any",
        description=(
            "Spot, OnDemand: only spot or on-demand nodes, by the labels of Karpenter, EKS, GKE and AKS or by the "
            f"label {CAPACITY_LABEL} (spot, on-demand); their capacity taints are tolerated. Any: every node. Spot "
            "and Any pools are filled before OnDemand pools."
        ),
    )
    instance_types: Annotated[tuple[LabelValue, ...], Field(max_length=64), Unique()] = Field(
        default=(),
        description=(
            "Instance types of the pool's nodes, by their label node.kubernetes.io/instance-type, for example "
            '["r5.4xlarge", "r5a.4xlarge"]. The more a pool has, the larger its share of the workers. Default: any.'
        ),
    )
    zones: Annotated[tuple[LabelValue, ...], Field(max_length=32), Unique()] = Field(
        default=(),
        description="Zones of the pool's nodes, by their label topology.kubernetes.io/zone. Default: any.",
    )
    price_per_hour: _Price | None = Field(
        default=None,
        description=(
            'Price of one of the pool\'s nodes per hour, for example "0.40". The cheaper a pool, the larger its share '
            "of the workers. Default: the highest price of the pools that are filled together with it."
        ),
    )
    min_replicas: int = Field(
        default=0,
        strict=True,
        ge=0,
        le=MAX_WORKERS,
        description=(
            "Minimum workers in this pool, whatever the other pools have. In an OnDemand pool they are the base that "
            "no spot reclaim can take away."
        ),
    )
    max_replicas: int | None = Field(
        default=None, strict=True, ge=0, le=MAX_WORKERS, description="Maximum workers in this pool. Default: no limit."
    )
    node_selector: NodeSelector = Field(
        default_factory=dict, description="Labels that nodes must have to belong to this pool. Default: none."
    )
    tolerations: Tolerations = Field(
        default=(),
        description="Taints that this pool's workers tolerate, in addition to those that capacityType implies.",
    )

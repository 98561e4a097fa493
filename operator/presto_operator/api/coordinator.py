"""`coordinator`: the server that plans queries, and that clients talk to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.duration import Between, Duration
from presto_operator.api.node_selection import CapacityType, NodeSelector, Tolerations
from presto_operator.api.role import Role


class Coordinator(Role):
    """The coordinator: it parses and plans queries, and distributes their tasks over the workers."""

    capacity_type: CapacityType = Field(
        default="Any",
        description=(
            "OnDemand keeps the coordinator off spot nodes: when its node is reclaimed, every running query fails. "
            "Spot and OnDemand nodes are recognised as in workers.pools. Any: every node."
        ),
    )
    drain_timeout: Annotated[Duration, Between("0s", "24h")] = Field(
        default="10m",
        description=(
            "How long a new coordinator that is ready waits for a moment without queries on the old one. Then traffic "
            "switches to it anyway, and queries that still run on the old one may fail. 0s: switch at once."
        ),
    )
    node_selector: NodeSelector = Field(
        default_factory=dict, description="Labels that the coordinator's node must have. Default: none."
    )
    tolerations: Tolerations = Field(default=(), description="Taints that the coordinator tolerates.")

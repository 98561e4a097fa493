"""What a pass has seen before it decides. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from presto_operator.api import FieldError, PrestoCluster
from presto_operator.desired import Generation
from presto_operator.metastore import Finding, Probe
from presto_operator.objects import KubernetesObject
from presto_operator.planning.memory import Memory
from presto_operator.planning.observation import Observation
from presto_operator.planning.reclaim import NodeSignals, Reclaim
from presto_operator.planning.serving import ServingGeneration
from presto_operator.presto import ClusterLoad


@dataclass(frozen=True)
class Valid:
    """A valid spec."""

    cluster: PrestoCluster
    generation: Generation
    """The generation that it describes, rendered once."""


@dataclass(frozen=True)
class Invalid:
    """A spec with errors."""

    errors: tuple[FieldError, ...]


@dataclass(frozen=True)
class Unreadable:
    """A spec that can't be checked, because a Secret or ConfigMap that it refers to can't be read now."""

    error: str


Spec = Valid | Invalid | Unreadable


@dataclass(frozen=True)
class Reclaimed:
    """Pods on leaving and lost nodes, and what this pass has already done about them."""

    coordinators: tuple[Reclaim, ...] = ()
    """Coordinators on leaving nodes: they are deleted in a moment without queries."""
    deleted: tuple[Reclaim, ...] = ()
    """Pods that this pass has deleted; one without anything to drain is gone before the next pass."""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """Whether a cluster may start another generation now: only so many do at once, over all clusters."""

    may_start: bool = True
    limit: int = 0
    """How many clusters may."""
    others: tuple[str, ...] = ()
    """The clusters that start one, by namespace and name."""


MAY_START = Turn()


@dataclass(frozen=True)
class Seen:
    """Everything that a decision about one cluster depends on."""

    body: KubernetesObject
    """The PrestoCluster as the API server has it."""
    now: datetime
    """When the pass began."""
    memory: Memory
    spec: Spec
    observation: Observation
    serving: ServingGeneration | None
    nodes: NodeSignals | None
    """What the nodes signal; None while not all of them are known."""
    turn: Turn = MAY_START
    last_load: ClusterLoad | None = None
    """Presto's last answer, however old."""
    reclaimed: Reclaimed = field(default_factory=Reclaimed)
    metastore: Mapping[Probe, Finding | None] = field(default_factory=dict)
    """The newest finding for each URI of the metastore; None before the first one."""

    @property
    def serving_name(self) -> str | None:
        """The name of the serving generation."""
        return self.serving.name if self.serving is not None else None

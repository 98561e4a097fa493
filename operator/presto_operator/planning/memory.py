"""What a cluster's status remembers, parsed once a pass. Pure.

All that a decision needs of the past is in status, so that a restarted operator goes on where it was. A field that
this release can't read counts as not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from presto_operator.api import AutoscalingStatus, ConditionType, PoolLimit, RolloutStatus
from presto_operator.objects import KubernetesObject
from presto_operator.planning.verdict import Verdict, read_verdict
from presto_operator.scaling import read_autoscaling


@dataclass(frozen=True)
class Memory:
    """The status as the last pass wrote it."""

    status: Mapping[str, Any] = field(default_factory=dict)
    """The status itself."""
    observed_generation: int | None = None
    """The metadata.generation of the spec that it was written for."""
    conditions: Mapping[ConditionType, Verdict] = field(default_factory=dict)
    condition_generations: Mapping[ConditionType, int] = field(default_factory=dict)
    """The metadata.generation of the spec that each condition was computed for."""
    serving_generation: str | None = None
    """The generation that served clients."""
    has_served: bool | None = None
    """Whether clients could ever use that generation; None if that isn't known."""
    rollout: RolloutStatus | None = None
    """The roll-out in progress, or the last one."""
    limits: Mapping[str, PoolLimit] = field(default_factory=dict)
    """Pools that get fewer workers than their share, by name."""
    shares: Mapping[str, int] = field(default_factory=dict)
    """Desired workers of each pool, by name."""
    autoscaling: AutoscalingStatus | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the cluster was as its spec asks for, with nothing wrong."""
        states = [self.conditions[name].status for name in ("Progressing", "Degraded") if name in self.conditions]
        return states == ["False", "False"]

    def condition_for(self, name: ConditionType, generation: int) -> Verdict | None:
        """A condition, if it was computed for the spec of this metadata.generation."""
        return self.conditions[name] if self.condition_generations.get(name) == generation else None


def memory_of(body: KubernetesObject, autoscaling: AutoscalingStatus | None = None) -> Memory:
    """What the status of a PrestoCluster remembers.

    Args:
        body: the PrestoCluster as the API server has it.
        autoscaling: a newer record of autoscaling than the status has, which is written every half minute.
    """
    status: Mapping[str, Any] = body.get("status") or {}
    conditions = status.get("conditions", [])
    return Memory(
        status=status,
        observed_generation=status.get("observedGeneration"),
        conditions={verdict.type: verdict for item in conditions if (verdict := read_verdict(item)) is not None},
        condition_generations={item["type"]: item.get("observedGeneration", 0) for item in conditions},
        serving_generation=status.get("coordinator", {}).get("generation") or None,
        has_served=status.get("coordinator", {}).get("hasServed"),
        rollout=_rollout(status),
        limits=_limits(status),
        shares={row["name"]: row.get("replicas", 0) for row in _pool_rows(status)},
        autoscaling=autoscaling or read_autoscaling(status),
    )


def _rollout(status: Mapping[str, Any]) -> RolloutStatus | None:
    try:
        return RolloutStatus.model_validate(status["rollout"], by_alias=True, by_name=False)
    except (KeyError, ValidationError):
        return None


def _limits(status: Mapping[str, Any]) -> dict[str, PoolLimit]:
    limits = {}
    for row in _pool_rows(status):
        try:
            limits[row["name"]] = PoolLimit.model_validate(row["limit"], by_alias=True, by_name=False)
        except (KeyError, TypeError, ValidationError):
            continue
    return limits


def _pool_rows(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = status.get("workers", {}).get("pools", [])
    return rows

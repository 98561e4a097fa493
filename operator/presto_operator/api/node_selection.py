"""`capacityType`, `nodeSelector` and `tolerations`: the nodes on which a role or a pool may run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from presto_operator.api.model import Model
from presto_operator.api.names import AreLabels, LabelName

CapacityType = Literal["Spot", "OnDemand", "Any"]
"""Spot and OnDemand nodes are recognised by the labels of Karpenter, EKS, GKE and AKS; Any ignores these labels."""

NodeSelector = Annotated[dict[LabelName, Annotated[str, Field(max_length=63)]], Field(max_length=32), AreLabels()]


class Toleration(Model):
    """A taint that the pods tolerate, as in a pod's `tolerations`."""

    key: str | None = Field(default=None, max_length=316, description="Key of the taint. Default: any key.")
    operator: Literal["Exists", "Equal"] | None = Field(
        default=None,
        description="Equal: the taint's value must equal value. Exists: it may be anything. Default: Equal.",
    )
    value: str | None = Field(
        default=None, max_length=63, description="Value of the taint, for operator Equal. Default: the empty value."
    )
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="Effect of the taint. Default: any effect."
    )
    toleration_seconds: int | None = Field(
        default=None,
        strict=True,
        description="For effect NoExecute: how many seconds a pod stays after the taint was added. Default: forever.",
    )


Tolerations = Annotated[tuple[Toleration, ...], Field(max_length=32)]

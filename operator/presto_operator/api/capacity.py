"""`capacityType`: spot or on-demand nodes."""

from __future__ import annotations

from typing import Literal

CapacityType = Literal["Spot", "OnDemand", "Any"]
"""Spot and OnDemand are recognised by the labels of Karpenter, EKS, GKE and AKS; Any doesn't look at them."""

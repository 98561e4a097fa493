"""What a Node's status says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from presto_operator.objects.object import has_condition


def node_is_ready(node: Mapping[str, Any]) -> bool:
    """Whether the node's kubelet is heard of and can run pods: its condition Ready is True."""
    return has_condition(node, "Ready")

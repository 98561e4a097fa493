"""Nodes, as the API server has them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def node(
    *taints: dict[str, Any], ready: dict[str, Any] | None = None, spec: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A node that is ready, unless told, with these taints."""
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-24T08:00:00Z", **(ready or {})}
    return {
        "metadata": {"name": "one"},
        "spec": {"taints": list(taints), **(spec or {})},
        "status": {"conditions": [{"type": "MemoryPressure", "status": "False"}, condition]},
    }


def taint(key: str, value: str | None = None, **fields: Any) -> dict[str, Any]:
    """A taint, as in a node's spec."""
    return {"key": key, "effect": "NoSchedule", **({} if value is None else {"value": value}), **fields}

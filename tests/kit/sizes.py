"""Servers small enough for a laptop."""

from __future__ import annotations

from typing import Any


def small_server() -> dict[str, Any]:
    """A coordinator, or worker, that lives for minutes and answers small queries."""
    return _server("1536Mi", per_node="300MB", total_per_node="400MB")


def roomy_server() -> dict[str, Any]:
    """A coordinator, or worker, that has room for a few joins of `tpch.sf1` at the same time."""
    return _server("2Gi", per_node="400MB", total_per_node="500MB")


def _server(memory: str, *, per_node: str, total_per_node: str) -> dict[str, Any]:
    return {
        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": memory}},
        "config": {"query.max-memory-per-node": per_node, "query.max-total-memory-per-node": total_per_node},
        # Such servers start sooner without the optimising compiler.
        "jvm": {"heapPercent": 60, "extraArgs": ["-XX:TieredStopAtLevel=1"]},
    }

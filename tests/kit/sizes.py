"""Servers small enough for a laptop."""

from __future__ import annotations

from typing import Any


def small_server() -> dict[str, Any]:
    """A coordinator, or worker, that lives for minutes and answers small queries."""
    return {
        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "1536Mi"}},
        "config": {"query.max-memory-per-node": "300MB", "query.max-total-memory-per-node": "400MB"},
        # Such servers start sooner without the optimising compiler.
        "jvm": {"heapPercent": 60, "extraArgs": ["-XX:TieredStopAtLevel=1"]},
    }

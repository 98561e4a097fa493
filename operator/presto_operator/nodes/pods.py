"""What Kubernetes itself says of a pod's end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def disruption(pod: Mapping[str, Any]) -> str | None:
    """Why Kubernetes is about to end the pod, in one word, such as `EvictionByEvictionAPI`; None: it isn't.

    It is the condition DisruptionTarget: eviction, a NoExecute taint, preemption, or a node that went away.
    """
    for condition in pod.get("status", {}).get("conditions") or []:
        if (condition.get("type"), condition.get("status")) == ("DisruptionTarget", "True"):
            return str(condition.get("reason") or "DisruptionTarget")
    return None

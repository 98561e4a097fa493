"""Whether the scheduler could place a pod on a node, by the node's taints and state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from presto_operator.objects import is_terminating, node_is_ready

_CLOSING_EFFECTS = ("NoSchedule", "NoExecute")


def is_closed_to(node: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    """Whether the scheduler would place no pod like `pod` on `node`.

    That is so if the node has a taint that the pod doesn't tolerate, or if it is cordoned, being deleted or not ready
    (Kubernetes taints nodes that aren't ready, but only a moment later).
    """
    spec: Mapping[str, Any] = node.get("spec", {})
    if spec.get("unschedulable") or is_terminating(node) or not node_is_ready(node):
        return True
    tolerations: list[Mapping[str, Any]] = pod.get("spec", {}).get("tolerations") or []
    return any(
        taint.get("effect") in _CLOSING_EFFECTS and not any(_tolerates(toleration, taint) for toleration in tolerations)
        for taint in spec.get("taints") or []
    )


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key") in (None, "", taint.get("key"))
    return (toleration.get("key"), toleration.get("value") or "") == (taint.get("key"), taint.get("value") or "")

"""What a pod's status says about a server that does not come up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from presto_operator.objects.object import KubernetesObject

_FAILING_WAITS = (
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
)
_SYSCTL_FORBIDDEN = "SysctlForbidden"
"""The kubelet's reason for a pod that it turns away for good; its ReplicaSet makes another, which fares no better."""

_LAST_WORDS_CHARACTERS = 700

_OVERDUE = timedelta(minutes=1)
"""How long after its grace period a pod that leaves may still be shutting down, on a busy node."""


@dataclass(frozen=True)
class PodProblem:
    """Why a pod does not serve."""

    pod: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.pod}: {self.reason}: {self.message}" if self.message else f"{self.pod}: {self.reason}"


def is_ready(pod: KubernetesObject) -> bool:
    """Whether the pod is ready and not on its way out."""
    if is_terminating(pod):
        return False
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in pod.get("status", {}).get("conditions", [])
    )


def ready_since(pod: KubernetesObject) -> datetime | None:
    """Since when the pod is ready; None if it isn't, or is on its way out."""
    if is_terminating(pod):
        return None
    for condition in pod.get("status", {}).get("conditions", []):
        if (condition["type"], condition["status"]) == ("Ready", "True"):
            since = condition.get("lastTransitionTime")
            return datetime.fromisoformat(since) if since else None
    return None


def is_terminating(pod: KubernetesObject) -> bool:
    """Whether somebody has deleted the pod."""
    return "deletionTimestamp" in pod["metadata"]


def is_lost(pod: KubernetesObject, now: datetime) -> bool:
    """Whether the pod should have been gone for a while: its node no longer answers, and nothing of it runs on."""
    if not is_terminating(pod):
        return False
    # Kubernetes counts the grace period in: it is when the pod is to be gone.
    deadline = datetime.fromisoformat(pod["metadata"]["deletionTimestamp"])
    return now > deadline + _OVERDUE


def is_at_work(pod: KubernetesObject) -> bool:
    """Whether the pod counts as one of its Deployment's: it is not on its way out, and has not come to an end."""
    return not is_terminating(pod) and pod.get("status", {}).get("phase") not in ("Failed", "Succeeded")


def failure(pod: KubernetesObject) -> PodProblem | None:
    """What keeps the pod's server from running, in its own or its init container's last words; None if nothing does.

    A container that has failed and is being tried again counts as failing until it has started, so that the answer
    does not change with every turn of a crash loop.
    """
    if is_terminating(pod):
        return None
    status = pod.get("status", {})
    if status.get("reason") == _SYSCTL_FORBIDDEN:
        return PodProblem(pod["metadata"]["name"], _SYSCTL_FORBIDDEN, status.get("message", ""))
    # What has started since a crash has got over it, ready or not; an init container only when it is through.
    containers = [
        *((container, container.get("ready")) for container in status.get("initContainerStatuses", [])),
        *((container, container.get("started")) for container in status.get("containerStatuses", [])),
    ]
    for container, has_got_over_it in containers:
        waiting = container.get("state", {}).get("waiting", {})
        terminated = container.get("lastState", {}).get("terminated") or container.get("state", {}).get("terminated")
        crashed = bool(terminated) and terminated.get("exitCode") != 0 and not has_got_over_it
        if crashed and terminated:
            return PodProblem(pod["metadata"]["name"], _crash_reason(terminated), _last_words(terminated))
        if waiting.get("reason") in _FAILING_WAITS:
            return PodProblem(pod["metadata"]["name"], waiting["reason"], waiting.get("message", ""))
    return None


def unschedulable(pod: KubernetesObject) -> PodProblem | None:
    """Why the scheduler has no node for the pod; None if it has one, or if the pod is leaving."""
    if is_terminating(pod):
        return None
    for condition in pod.get("status", {}).get("conditions", []):
        if (condition["type"], condition["status"]) == ("PodScheduled", "False"):
            return PodProblem(pod["metadata"]["name"], condition.get("reason", ""), condition.get("message", ""))
    return None


def _crash_reason(terminated: dict[str, Any]) -> str:
    reason = terminated.get("reason", "Error")
    return f"{reason} (exit code {terminated['exitCode']})"


def _last_words(terminated: dict[str, Any]) -> str:
    words = str(terminated.get("message", "")).strip()
    return words if len(words) <= _LAST_WORDS_CHARACTERS else "... " + words[-_LAST_WORDS_CHARACTERS:]

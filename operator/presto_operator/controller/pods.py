"""What a pod's status says about a server that does not come up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from presto_operator.desired import KubernetesObject

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
_LAST_WORDS_CHARACTERS = 700


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


def is_terminating(pod: KubernetesObject) -> bool:
    """Whether somebody has deleted the pod."""
    return "deletionTimestamp" in pod["metadata"]


def failure(pod: KubernetesObject) -> PodProblem | None:
    """What keeps the pod's container from running, in its own last words; None if nothing does.

    A container that has failed and is being tried again counts as failing until it has started, so that the answer
    does not change with every turn of a crash loop.
    """
    if is_terminating(pod):
        return None
    for container in pod.get("status", {}).get("containerStatuses", []):
        waiting = container.get("state", {}).get("waiting", {})
        terminated = container.get("lastState", {}).get("terminated") or container.get("state", {}).get("terminated")
        # What has started since has got over it, ready or not.
        crashed = bool(terminated) and terminated.get("exitCode") != 0 and not container.get("started")
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

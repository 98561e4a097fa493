"""What a pod says: whether its server runs, since when, where, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from presto_operator.objects.object import (
    KubernetesObject,
    condition_of,
    controller_of,
    has_condition,
    is_terminating,
    label_of,
    name_of,
)
from presto_operator.objects.times import kubernetes_time

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
"""The kubelet's reason for a pod that it rejects for good; the next one that the ReplicaSet creates is rejected too."""

_TEMPLATE_HASH_LABEL = "pod-template-hash"
"""Set by the Deployment controller on each ReplicaSet and its pods."""

_OVERDUE = timedelta(minutes=1)
"""How long after its grace period a terminating pod may still run, on a busy node."""


@dataclass(frozen=True)
class PodProblem:
    """Why a pod's server doesn't run."""

    pod: str
    reason: str
    message: str
    """What Kubernetes says; of a container that has crashed, the end of its log."""
    crashed_container: str = ""
    """The container whose words those are; empty if they are Kubernetes' own."""

    def __str__(self) -> str:
        return f"{self.pod}: {self.reason}: {self.message}" if self.message else f"{self.pod}: {self.reason}"


def node_of(pod: KubernetesObject) -> str:
    """The name of the node that the pod is on; empty while the scheduler has not chosen one."""
    node: str = pod.get("spec", {}).get("nodeName", "")
    return node


def mounted_files(pod_spec: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Kind and name of the ConfigMaps and Secrets that make up a server's files, by the spec of its pod."""
    return {
        (kind, source[field]["name"])
        for volume in pod_spec.get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret"))
        if field in source
    }


def deployment_of(pod: KubernetesObject) -> str:
    """The name of the Deployment that the pod was made by; empty if it was made by anything else.

    The pod's controller is a ReplicaSet, which its Deployment has named by its own name and the hash of the template.
    """
    template_hash = label_of(pod, _TEMPLATE_HASH_LABEL)
    owner = controller_of(pod)
    if owner is None or (owner.get("apiVersion"), owner.get("kind")) != ("apps/v1", "ReplicaSet") or not template_hash:
        return ""
    name, _, suffix = str(owner.get("name", "")).rpartition("-")
    return name if suffix == template_hash else ""


def is_ready(pod: KubernetesObject) -> bool:
    """Whether the pod's server takes requests.

    Checks that
    - its condition Ready is True,
    - it is not terminating: a server that drains may still be ready.
    """
    return has_condition(pod, "Ready") and not is_terminating(pod)


def ready_since(pod: KubernetesObject) -> datetime | None:
    """Since when the pod is ready; None if it isn't, or if that isn't known."""
    ready = condition_of(pod, "Ready")
    return kubernetes_time(ready.get("lastTransitionTime")) if ready is not None and is_ready(pod) else None


def termination_deadline(pod: KubernetesObject) -> datetime | None:
    """When the grace period of a terminating pod ends; None if the pod isn't terminating.

    Kubernetes writes this, and not when the pod was deleted, as `metadata.deletionTimestamp`.
    """
    return kubernetes_time(pod["metadata"].get("deletionTimestamp"))


def deleted_at(pod: KubernetesObject) -> datetime | None:
    """When the pod was deleted; None if it wasn't, or no longer says it.

    The kubelet deletes a pod a second time, with a grace period of 0, when all of its containers have ended, which
    overwrites when it was deleted first.
    """
    deadline = termination_deadline(pod)
    grace_seconds: int = pod["metadata"].get("deletionGracePeriodSeconds") or 0
    return deadline - timedelta(seconds=grace_seconds) if deadline is not None and grace_seconds else None


def is_being_removed(pod: KubernetesObject) -> bool:
    """Whether the pod was deleted without a grace period: its object goes without waiting for its containers."""
    return bool(pod["metadata"].get("deletionGracePeriodSeconds") == 0)


def is_lost(pod: KubernetesObject, now: datetime) -> bool:
    """Whether nothing of the pod runs any more, although its object is still there, as its node doesn't answer.

    Checks that
    - it is terminating,
    - its grace period ended a while ago.
    """
    deadline = termination_deadline(pod)
    return deadline is not None and now > deadline + _OVERDUE


def is_at_work(pod: KubernetesObject) -> bool:
    """Whether the pod counts as one of its Deployment's replicas.

    Checks that
    - it is not terminating,
    - its containers have not ended for good: its phase is neither Failed nor Succeeded.
    """
    return not is_terminating(pod) and pod.get("status", {}).get("phase") not in ("Failed", "Succeeded")


def has_failed(pod: KubernetesObject) -> bool:
    """Whether the pod has ended for good, and is replaced at once: the kubelet has turned it away, or evicted it."""
    return bool(pod.get("status", {}).get("phase") == "Failed")


def is_running(pod: KubernetesObject) -> bool:
    """Whether the kubelet has accepted the pod, and runs it.

    Checks that
    - its phase is Running, or it is ready,
    - it is not terminating.
    """
    return not is_terminating(pod) and (pod.get("status", {}).get("phase") == "Running" or is_ready(pod))


def unschedulable(pod: KubernetesObject) -> PodProblem | None:
    """Why the pod is not on a node yet; None if it is, or if it is terminating."""
    condition = _without_a_node(pod)
    if condition is None:
        return None
    return PodProblem(name_of(pod), condition.get("reason", ""), condition.get("message", ""))


def unschedulable_since(pod: KubernetesObject) -> datetime | None:
    """Since when the scheduler has found no node for the pod; None if it has, or has not tried yet.

    Checks that
    - the condition PodScheduled is False,
    - its reason is Unschedulable: a pod may also wait for something else, such as a scheduling gate,
    - the pod is not terminating.
    """
    condition = _without_a_node(pod)
    if condition is None or condition.get("reason") != "Unschedulable":
        return None
    return kubernetes_time(condition.get("lastTransitionTime"))


def container_state(pod: KubernetesObject, container: str) -> Mapping[str, Any]:
    """The `state` of the container of this name; empty if the kubelet has not reported one."""
    state: Mapping[str, Any] = _container_status(pod, container).get("state", {})
    return state


def is_starting(pod: KubernetesObject, container: str) -> bool:
    """Whether the server in the container of this name has not come up yet, so that it has no work.

    Checks that
    - the container waits to be started, for the first time or again,
    - or it runs, and its startup probe has not succeeded yet,
    - or the kubelet has not reported it, and the pod is Pending.
    """
    status = _container_status(pod, container)
    state = status.get("state", {})
    is_probed = "running" in state and status.get("started") is False
    return "waiting" in state or is_probed or (not status and pod.get("status", {}).get("phase") == "Pending")


def may_serve(pod: KubernetesObject, container: str) -> bool:
    """Whether the server in the container of this name may have work: it is not starting, and has not ended."""
    return not is_starting(pod, container) and "terminated" not in container_state(pod, container)


def failure(pod: KubernetesObject) -> PodProblem | None:
    """Why the pod's server doesn't run, with the last words of the container; None if nothing is wrong.

    Checks whether
    - the kubelet has rejected the pod for good,
    - an init container has crashed and has not completed since,
    - a container has crashed and has not started since,
    - a container can't be started, as when its image can't be pulled.

    So the answer stays the same while a container that has crashed is restarted again and again. A pod that is
    terminating doesn't fail.
    """
    if is_terminating(pod):
        return None
    status = pod.get("status", {})
    if status.get("reason") == _SYSCTL_FORBIDDEN:
        return PodProblem(name_of(pod), _SYSCTL_FORBIDDEN, status.get("message", ""))
    containers = [
        *((container, container.get("ready")) for container in status.get("initContainerStatuses", [])),
        *((container, container.get("started")) for container in status.get("containerStatuses", [])),
    ]
    for container, recovered in containers:
        if problem := _container_failure(name_of(pod), container, has_recovered=bool(recovered)):
            return problem
    return None


def _container_status(pod: KubernetesObject, container: str) -> Mapping[str, Any]:
    statuses: list[Mapping[str, Any]] = pod.get("status", {}).get("containerStatuses") or []
    return next((item for item in statuses if item.get("name") == container), {})


def _without_a_node(pod: KubernetesObject) -> Mapping[str, Any] | None:
    condition = condition_of(pod, "PodScheduled")
    is_waiting = condition is not None and condition.get("status") == "False" and not is_terminating(pod)
    return condition if is_waiting else None


def _container_failure(pod: str, container: Mapping[str, Any], *, has_recovered: bool) -> PodProblem | None:
    state = container.get("state", {})
    crash = container.get("lastState", {}).get("terminated") or state.get("terminated") or {}
    if crash.get("exitCode", 0) != 0 and not has_recovered:
        reason = f"{crash.get('reason', 'Error')} (exit code {crash['exitCode']})"
        return PodProblem(pod, reason, crash.get("message", "").strip(), container.get("name", ""))
    waiting = state.get("waiting", {})
    if waiting.get("reason") in _FAILING_WAITS:
        return PodProblem(pod, waiting["reason"], waiting.get("message", ""))
    return None

"""Deployments whose pods the kubelet turns away: they are held, and tried again after a while. Pure.

A pod that fails for good (a forbidden sysctl, a node without room, an eviction) is replaced by its ReplicaSet at once,
without any back-off: hundreds a minute. So the Deployment is held at the pods that run, and gets one more at growing
intervals until one starts. What is remembered of it stands on the Deployment itself, and goes with it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from presto_operator.objects import (
    GROUP,
    KubernetesObject,
    annotation_of,
    by_age,
    format_time,
    has_failed,
    is_running,
    is_terminating,
    kubernetes_time,
    name_of,
    wanted_replicas,
)
from presto_operator.planning.observation import Observation

BACKOFF_ANNOTATION = f"{GROUP}/backoff"
"""On a Deployment that is held: why, and until when."""

_MOST_FAILED = 3
"""So many pods have to fail, one after the other: one or two may have met a node that was just about to fill up."""
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(minutes=5)
"""The kubelet's own times for containers that crash: from 10 s, doubled up to 5 min."""
_MESSAGE_CHARACTERS = 500


@dataclass(frozen=True)
class Backoff:
    """Why a Deployment is held."""

    reason: str
    """The kubelet's word, such as SysctlForbidden."""
    message: str
    failures: int
    """How often it has been tried in vain."""
    until: datetime
    """When it is tried again."""
    is_trial: bool = False
    """Whether it is being tried."""

    def text(self) -> str:
        """The value of the annotation."""
        value = {
            "reason": self.reason,
            "message": self.message,
            "failures": self.failures,
            "until": format_time(self.until),
            **({"trial": True} if self.is_trial else {}),
        }
        return json.dumps(value, sort_keys=True)


@dataclass(frozen=True)
class HeldDeployment:
    """A Deployment that is held."""

    name: str
    replicas: int
    backoff: Backoff


def backoff_of(deployment: KubernetesObject) -> Backoff | None:
    """Why a live Deployment is held; None if it isn't."""
    try:
        value = json.loads(annotation_of(deployment, BACKOFF_ANNOTATION))
        until = kubernetes_time(value["until"])
        if until is None:
            return None
        return Backoff(
            str(value["reason"]), str(value["message"]), int(value["failures"]), until, bool(value.get("trial"))
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def held_deployments(observation: Observation, wanted: Mapping[str, int], now: datetime) -> tuple[HeldDeployment, ...]:
    """The Deployments that are held now.

    Args:
        observation: the cluster's objects.
        wanted: the replicas that each Deployment is to have otherwise, by its name.
        now: the time.
    """
    live = [*observation.deployments("coordinator"), *observation.deployments("worker")]
    found = (_held(observation, deployment, wanted, now) for deployment in live if name_of(deployment) in wanted)
    return tuple(item for item in found if item is not None)


def turned_away(observation: Observation, held: Iterable[HeldDeployment]) -> tuple[KubernetesObject, ...]:
    """The pods that have failed in Deployments that are known to be held: nothing is learnt from them any more."""
    names = {item.name for item in held}
    live = [*observation.deployments("coordinator"), *observation.deployments("worker")]
    return tuple(
        pod
        for deployment in live
        if name_of(deployment) in names and backoff_of(deployment) is not None
        for pod in _failed(observation, deployment)
    )


def storms(observation: Observation, wanted: Collection[str], now: datetime) -> dict[str, int]:
    """The replicas of former Deployments whose pods are turned away, by name: as many as run.

    They aren't tried again: other Deployments replace them.

    Args:
        observation: the cluster's objects.
        wanted: the names of the Deployments that are applied.
        now: the time.
    """
    live = [item for item in observation.deployments("worker") if name_of(item) not in wanted]
    counts = {}
    for deployment in live:
        pods = observation.pods_of_deployment(deployment)
        running = sum(1 for pod in pods if is_running(pod))
        is_storm = _begun(pods, _failed(observation, deployment), now) is not None
        if is_storm and running < wanted_replicas(deployment):
            counts[name_of(deployment)] = running
    return counts


def with_backoff(objects: Iterable[KubernetesObject], held: Iterable[HeldDeployment]) -> tuple[KubernetesObject, ...]:
    """These objects, with the held Deployments at the replicas that they are held at."""
    by_name = {item.name: item for item in held}
    return tuple(
        _annotated(obj, by_name[name_of(obj)]) if obj["kind"] == "Deployment" and name_of(obj) in by_name else obj
        for obj in objects
    )


def _held(
    observation: Observation, deployment: KubernetesObject, wanted: Mapping[str, int], now: datetime
) -> HeldDeployment | None:
    name = name_of(deployment)
    pods = observation.pods_of_deployment(deployment)
    running = sum(1 for pod in pods if is_running(pod))
    failed = _failed(observation, deployment)
    before = backoff_of(deployment)
    backoff = _begun(pods, failed, now) if before is None else _continued(before, deployment, running, failed, now)
    if backoff is None or wanted[name] <= running:
        return None
    return HeldDeployment(name, running + (1 if backoff.is_trial else 0), backoff)


def _begun(pods: list[KubernetesObject], failed: list[KubernetesObject], now: datetime) -> Backoff | None:
    newest_running = max((by_age(pod)[0] for pod in pods if is_running(pod)), default="")
    in_a_row = [pod for pod in failed if by_age(pod)[0] >= newest_running]
    return _because(in_a_row[-1], 1, now) if len(in_a_row) >= _MOST_FAILED else None


def _continued(
    before: Backoff, deployment: KubernetesObject, running: int, failed: list[KubernetesObject], now: datetime
) -> Backoff | None:
    """What is known now of a Deployment that was held; None if its pods start again."""
    if before.is_trial:
        if failed:
            return _because(failed[-1], before.failures + 1, now)
        return None if running >= max(1, wanted_replicas(deployment)) else before
    # A trial begins without failed pods, so that those of the trial are known.
    return replace(before, is_trial=True) if now >= before.until and not failed else before


def _because(pod: KubernetesObject, failures: int, now: datetime) -> Backoff:
    status = pod.get("status", {})
    wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(failures - 1, 10))
    message = str(status.get("message", ""))[:_MESSAGE_CHARACTERS]
    return Backoff(str(status.get("reason") or "Failed"), message, failures, now + wait)


def _failed(observation: Observation, deployment: KubernetesObject) -> list[KubernetesObject]:
    """The pods of a Deployment that have failed for good, the oldest first."""
    pods = observation.pods_of_deployment(deployment)
    return sorted((pod for pod in pods if has_failed(pod) and not is_terminating(pod)), key=by_age)


def _annotated(obj: KubernetesObject, held: HeldDeployment) -> KubernetesObject:
    metadata = obj["metadata"]
    annotations = {**metadata.get("annotations", {}), BACKOFF_ANNOTATION: held.backoff.text()}
    return {
        **obj,
        "metadata": {**metadata, "annotations": annotations},
        "spec": {**obj["spec"], "replicas": held.replicas},
    }

"""`status`, from what the API server has acknowledged. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from presto_operator.api import (
    Condition,
    CoordinatorStatus,
    Phase,
    PoolStatus,
    PrestoClusterStatus,
    QueriesStatus,
    RolloutStatus,
    WorkersStatus,
)
from presto_operator.bounds import MAX_CONDITION_BYTES
from presto_operator.desired import client_uri, worker_selector
from presto_operator.objects import clipped, format_time, present_replicas
from presto_operator.planning import Observation, PoolCount, Serving, Verdict
from presto_operator.presto import ClusterLoad
from presto_operator.reporting.conditions import draining_workers
from presto_operator.reporting.progress import VOLATILE_REASONS


def new_status(
    previous: Mapping[str, Any],
    verdicts: list[Verdict],
    observation: Observation,
    *,
    metadata: Mapping[str, Any],
    serving: Serving,
    rollout: RolloutStatus | None,
    now: datetime,
) -> dict[str, Any]:
    """The status of the cluster with this `metadata`, as it is written.

    Args:
        previous: the status so far; transition times are carried over from it.
        verdicts: the conditions.
        observation: the cluster's objects.
        metadata: the cluster's metadata.
        serving: the generation that clients reach, and its workers.
        rollout: the roll-out in progress, or the last one.
        now: the time of a transition.
    """
    status = PrestoClusterStatus(
        observed_generation=metadata["generation"],
        phase=_phase(verdicts),
        conditions=tuple(_condition(verdict, previous, metadata["generation"], now) for verdict in verdicts),
        coordinator=_coordinator(previous, observation, serving.generation, metadata),
        workers=_workers(observation, serving, worker_selector(metadata["name"])),
        queries=_queries(observation.load),
        rollout=rollout,
    )
    return status.model_dump(by_alias=True, exclude_none=True, mode="json")


def is_due(
    previous: Mapping[str, Any],
    status: Mapping[str, Any],
    *,
    last_written: datetime | None,
    interval: timedelta,
    now: datetime,
) -> bool:
    """Whether the new status is worth a write now: at once for what matters, seldom for what moves all the time.

    Args:
        previous: the status as it is.
        status: the new one.
        last_written: when it was written last; None: by nobody since the operator's start.
        interval: how often numbers that move all the time (queries, active workers) are written: many clusters share
            an API server.
        now: the time.
    """
    if previous == status:
        return False
    if _without_volatile(previous) != _without_volatile(status):
        return True
    return last_written is None or now - last_written >= interval


def merge_patch(previous: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    """`status` as a JSON merge patch which also removes the fields that it no longer has.

    Server-side apply, as for children, would not do: the API server refuses all of it over one field that the
    installed CRD doesn't have ("field not declared in schema"), but drops just that field of a merge patch. So an
    operator that is newer than the CRD still reports.
    """
    patch: dict[str, Any] = {name: None for name in previous if name not in status}
    for name, value in status.items():
        before = previous.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            patch[name] = merge_patch(before, value)
        else:
            patch[name] = value
    return patch


def _coordinator(
    previous: Mapping[str, Any], observation: Observation, generation: str | None, metadata: Mapping[str, Any]
) -> CoordinatorStatus:
    is_ready = generation is not None and observation.coordinator_is_ready(generation)
    before = previous.get("coordinator", {})
    is_same = generation is not None and before.get("generation") == generation
    # Status of an earlier release doesn't have it.
    had_served = before.get("hasServed") if is_same else False
    return CoordinatorStatus(
        generation=generation or "",
        ready=is_ready,
        has_served=(is_ready or had_served) if generation is not None else None,
        uri=client_uri(metadata["namespace"], metadata["name"]),
    )


def _condition(verdict: Verdict, previous: Mapping[str, Any], generation: int, now: datetime) -> Condition:
    since = format_time(now)
    for before in previous.get("conditions", []):
        if (before["type"], before["status"]) == (verdict.type, verdict.status):
            since = before["lastTransitionTime"]
    return Condition(
        type=verdict.type,
        status=verdict.status,
        reason=verdict.reason,
        message=clipped(verdict.message, MAX_CONDITION_BYTES),
        observed_generation=generation,
        last_transition_time=since,
    )


def _phase(verdicts: list[Verdict]) -> Phase:
    is_true = {verdict.type: verdict.status == "True" for verdict in verdicts}
    if not is_true["Valid"]:
        return "Invalid"
    if is_true["Degraded"]:
        return "Degraded"
    if not is_true["Ready"]:
        return "Pending"
    return "Updating" if is_true["Progressing"] else "Running"


def _workers(observation: Observation, serving: Serving, selector: str) -> WorkersStatus:
    pools = serving.pools
    # The limit of a pool must not get lost while the serving generation doesn't have that pool.
    unknown = [
        PoolCount(name, wanted=0, ready=0) for name in serving.limits if name not in {item.name for item in pools}
    ]
    desired = sum(pool.wanted for pool in pools)
    ready = sum(pool.ready for pool in pools)
    return WorkersStatus(
        replicas=sum(present_replicas(pool) for pool in observation.deployments("worker")),
        desired_replicas=desired,
        ready_replicas=ready,
        draining=len(draining_workers(observation)),
        active=observation.load.active_workers if observation.load else None,
        summary=f"{ready}/{desired}",
        selector=selector,
        pools=tuple(
            PoolStatus(
                name=pool.name, replicas=pool.wanted, ready_replicas=pool.ready, limit=serving.limits.get(pool.name)
            )
            for pool in (*pools, *unknown)
        ),
    )


def _queries(load: ClusterLoad | None) -> QueriesStatus | None:
    if load is None:
        return None
    return QueriesStatus(
        running=load.running,
        queued=load.queued + load.held_back,
        blocked=load.blocked,
        waiting=load.waiting,
        held_back=load.held_back,
    )


def _has_volatile_message(condition: Mapping[str, Any]) -> bool:
    # A metastore's own error may contain a time or an address that differs at each call.
    return condition["reason"] in VOLATILE_REASONS or condition["type"] == "MetastoreAvailable"


def _without_volatile(status: Mapping[str, Any]) -> dict[str, Any]:
    # Whether the coordinator can be asked at all matters, unlike the numbers that it reports.
    stable: dict[str, Any] = {**status, "queries": "queries" in status}
    if "workers" in stable:
        stable["workers"] = _without(stable["workers"], "active")
    if "rollout" in stable:
        stable["rollout"] = _without(stable["rollout"], "message")
    if "autoscaling" in stable:
        # A history that is half a minute old at a restart makes windows longer by as much, never shorter.
        stable["autoscaling"] = _without(stable["autoscaling"], "history", "limitedBy")
    stable["conditions"] = [
        _without(condition, "message") if _has_volatile_message(condition) else condition
        for condition in status.get("conditions", [])
    ]
    return stable


def _without(item: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in names}

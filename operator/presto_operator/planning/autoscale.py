"""What autoscaling decides by a cluster's load, and its words. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from presto_operator.api import Autoscaling, AutoscalingStatus, ConditionType, PrestoCluster, ScalingDecision
from presto_operator.objects import AutoscalingReason, EventReason, Notice, generation_of, ready_since
from presto_operator.planning.memory import Memory
from presto_operator.planning.observation import Observation
from presto_operator.planning.verdict import Verdict
from presto_operator.presto import ClusterLoad, Server, memory_limit_is_share, server_of
from presto_operator.scaling import autoscaling_status, decide, is_fresh, starting_point

WARM_UP = timedelta(seconds=30)
"""How long a new worker's CPU use is ignored: it is the JVM compiling, not load."""

_SHORT_OF_MEMORY = 0.2
"""From this share of the workers' heaps in use, blocked queries may wait for memory: half of what the general pool has
by default, after a headroom and a reserved pool of 0.3 each (NodeMemoryConfig)."""

_TYPE: ConditionType = "AutoscalingActive"


@dataclass(frozen=True)
class Autoscaled:
    """What was decided by a cluster's load."""

    workers: int
    """Workers desired in all pools, by autoscaling or by workers.replicas."""
    record: AutoscalingStatus | None
    """status.autoscaling; None while autoscaling is off."""
    verdict: Verdict | None
    """The condition AutoscalingActive; None without autoscaling."""
    decision: ScalingDecision | None = None
    """The change that was just decided; None if there is none."""


def autoscale(
    cluster: PrestoCluster, previous: AutoscalingStatus | None, sample: ClusterLoad | None, now: datetime
) -> Autoscaled:
    """Decide how many workers are desired.

    Args:
        cluster: the cluster.
        previous: status.autoscaling after the last decision.
        sample: Presto's last answer, however old; None before the first one, or if its coordinator isn't ready.
        now: the time.
    """
    settings = cluster.spec.autoscaling
    replicas = cluster.spec.workers.replicas
    if settings is None:
        return Autoscaled(replicas, None, None)
    if settings.mode == "Off":
        verdict = Verdict(_TYPE, "False", AutoscalingReason.OFF, "autoscaling.mode is Off, so workers.replicas applies")
        return Autoscaled(replicas, None, verdict)
    wanted, history = starting_point(settings, previous, replicas)
    judged = _with_memory(cluster, sample) if sample is not None else None
    decision = decide(settings, sample=judged, wanted=wanted, history=history, now=now)
    record = autoscaling_status(settings, previous, decision, wanted=wanted, now=now)
    record = record.model_copy(update={"replicas_at_start": _replicas_at_start(settings, previous, replicas)})
    verdict = _verdict(record, sample, replicas, now)
    return Autoscaled(
        decision.wanted if settings.mode == "Active" else replicas,
        record,
        verdict,
        record.decisions[0] if decision.wanted != wanted else None,
    )


def _with_memory(cluster: PrestoCluster, sample: ClusterLoad) -> ClusterLoad:
    """The sample, with what the spec says of the memory that queries wait for.

    Queries that wait for an absolute memory limit are held back: it doesn't grow with the workers.
    """
    counts = {True: 0, False: 0, None: 0}
    for groups, queries in sample.queued_for_memory:
        shares = {memory_limit_is_share(cluster.spec.resource_groups, group) for group in groups}
        kind = False if False in shares else True if shares == {True} else None
        counts[kind] += queries
    heap_bytes = cluster.spec.workers.heap_bytes * sample.active_workers
    return replace(
        sample,
        queued=sample.queued - counts[False],
        held_back=sample.held_back + counts[False],
        queued_for_shared_memory=counts[True],
        is_short_of_memory=sample.memory_bytes >= _SHORT_OF_MEMORY * heap_bytes > 0,
    )


def workers_to_ask(
    cluster: PrestoCluster, observation: Observation, generation: str, now: datetime
) -> tuple[Server, ...]:
    """The workers of a generation whose CPU use is needed."""
    settings = cluster.spec.autoscaling
    if settings is None or settings.targets.worker_cpu_percent is None:
        return ()
    return tuple(
        server_of(pod)
        for pod in observation.pods_of("worker")
        if generation_of(pod) == generation and (since := ready_since(pod)) is not None and now - since >= WARM_UP
    )


def scales_by_load(cluster: PrestoCluster) -> bool:
    """Whether autoscaling decides, or recommends, how many workers this cluster has."""
    return cluster.spec.autoscaling is not None and cluster.spec.autoscaling.mode != "Off"


def autoscaling_notices(scaled: Autoscaled) -> list[Notice]:
    """The Event of a decision."""
    decision = scaled.decision
    if decision is None or scaled.record is None:
        return []
    is_up = decision.to_replicas > decision.from_replicas
    if scaled.record.mode == "Advisory":
        reason = EventReason.SCALE_UP_ADVISED if is_up else EventReason.SCALE_DOWN_ADVISED
    else:
        reason = EventReason.SCALED_UP if is_up else EventReason.SCALED_DOWN
    words = f"workers {decision.from_replicas} → {decision.to_replicas} ({decision.reason}): {decision.message}"
    return [Notice("Normal", reason, words)]


def autoscaling_verdicts(scaled: Autoscaled | None, memory: Memory) -> list[Verdict]:
    """The condition AutoscalingActive; none without autoscaling.

    Args:
        scaled: what was decided; None if the spec isn't known to be valid: the condition stays as it is then.
        memory: the status so far.
    """
    verdict = memory.conditions.get(_TYPE) if scaled is None else scaled.verdict
    return [] if verdict is None else [verdict]


def autoscaling_field(scaled: Autoscaled | None, memory: Memory) -> dict[str, Any]:
    """The field `autoscaling` of the status; empty while autoscaling is off."""
    if scaled is None:
        return {"autoscaling": memory.status["autoscaling"]} if "autoscaling" in memory.status else {}
    if scaled.record is None:
        return {}
    return {"autoscaling": scaled.record.model_dump(by_alias=True, exclude_none=True, mode="json")}


def _replicas_at_start(settings: Autoscaling, previous: AutoscalingStatus | None, replicas: int) -> int | None:
    if settings.mode != "Active":
        return None
    if previous is None or previous.mode != "Active" or previous.replicas_at_start is None:
        return replicas
    return previous.replicas_at_start


def _verdict(record: AutoscalingStatus, sample: ClusterLoad | None, replicas: int, now: datetime) -> Verdict:
    # No numbers that change all the time: the last decision stands until the next one.
    decided = _last_decision(record)
    if sample is None or not is_fresh(sample, now):
        effect = "the number of workers stays as it is" if record.mode == "Active" else "nothing can be recommended"
        return Verdict(_TYPE, "False", AutoscalingReason.NO_DATA, f"Presto doesn't report its load, so {effect}")
    if record.mode == "Advisory":
        message = f"workers.replicas applies; autoscaling recommends {decided}"
        return Verdict(_TYPE, "False", AutoscalingReason.ADVISORY, message)
    if record.replicas_at_start not in (None, replicas):
        return Verdict(
            _TYPE,
            "True",
            AutoscalingReason.REPLICAS_IGNORED,
            f"workers.replicas was changed from {record.replicas_at_start} to {replicas}, without effect, as "
            "autoscaling.mode is Active. Something else (kubectl scale, an HPA, KEDA) is also setting it. Remove that "
            f"and set workers.replicas back to {record.replicas_at_start}, or set autoscaling.mode to Off",
        )
    return Verdict(_TYPE, "True", AutoscalingReason.ACTIVE, decided)


def _last_decision(record: AutoscalingStatus) -> str:
    if not record.decisions:
        return f"{_workers(record.desired)}, unchanged so far"
    return f"{_workers(record.desired)}: {record.decisions[0].message}"


def _workers(count: int) -> str:
    return "1 worker" if count == 1 else f"{count} workers"

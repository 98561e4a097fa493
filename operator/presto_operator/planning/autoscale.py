"""What autoscaling makes of a cluster's load, and what is told of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from presto_operator.api import Autoscaling, AutoscalingStatus, ConditionType, PrestoCluster, ScalingDecision
from presto_operator.objects import Notice, generation_of, ready_since
from presto_operator.planning.memory import Memory
from presto_operator.planning.observation import Observation
from presto_operator.planning.verdict import Verdict
from presto_operator.presto import ClusterLoad, Server, server_of
from presto_operator.scaling import autoscaling_status, decide, is_fresh, starting_point

WARM_UP = timedelta(seconds=30)
"""How long a new worker's CPU use says nothing of the load: it compiles what it runs."""

_TYPE: ConditionType = "AutoscalingActive"


@dataclass(frozen=True)
class Autoscaled:
    """What came of a look at a cluster's load."""

    workers: int
    """Workers wanted in all pools together, by whoever decides that."""
    record: AutoscalingStatus | None
    """What status says of it; None: nothing."""
    verdict: Verdict | None
    """What the condition says; None: there is no autoscaling to tell of."""
    decision: ScalingDecision | None = None
    """What was decided just now; None: all stays as it was."""


def autoscale(
    cluster: PrestoCluster, previous: AutoscalingStatus | None, sample: ClusterLoad | None, now: datetime
) -> Autoscaled:
    """How many workers there shall be.

    Args:
        cluster: the cluster.
        previous: what came of it at the last look.
        sample: the last that Presto said, however old; None: nothing yet, or its coordinator isn't ready.
        now: the time.
    """
    settings = cluster.spec.autoscaling
    replicas = cluster.spec.workers.replicas
    if settings is None:
        return Autoscaled(replicas, None, None)
    if settings.mode == "Off":
        verdict = Verdict(_TYPE, "False", "Off", "autoscaling.mode is Off: workers.replicas says how many workers")
        return Autoscaled(replicas, None, verdict)
    wanted, history = starting_point(settings, previous, replicas)
    decision = decide(settings, sample=sample, wanted=wanted, history=history, now=now)
    record = autoscaling_status(settings, previous, decision, wanted=wanted, now=now)
    record = record.model_copy(update={"replicas_at_start": _replicas_at_start(settings, previous, replicas)})
    verdict = _verdict(record, sample, replicas, now)
    return Autoscaled(
        decision.wanted if settings.mode == "Active" else replicas,
        record,
        verdict,
        record.decisions[0] if decision.wanted != wanted else None,
    )


def workers_to_ask(
    cluster: PrestoCluster, observation: Observation, generation: str, now: datetime
) -> tuple[Server, ...]:
    """The workers of a generation whose CPU use matters."""
    settings = cluster.spec.autoscaling
    if settings is None or settings.targets.worker_cpu_percent is None:
        return ()
    return tuple(
        server_of(pod)
        for pod in observation.pods_of("worker")
        if generation_of(pod) == generation and (since := ready_since(pod)) is not None and now - since >= WARM_UP
    )


def scales_by_load(cluster: PrestoCluster) -> bool:
    """Whether the load of this cluster decides, or advises, how many workers there shall be."""
    return cluster.spec.autoscaling is not None and cluster.spec.autoscaling.mode != "Off"


def autoscaling_notices(scaled: Autoscaled) -> list[Notice]:
    """What there is to tell of a decision."""
    decision = scaled.decision
    if decision is None or scaled.record is None:
        return []
    is_up = decision.to_replicas > decision.from_replicas
    reason = f"{'Advise' if scaled.record.mode == 'Advisory' else 'Scale'}{'Up' if is_up else 'Down'}"
    words = f"workers from {decision.from_replicas} to {decision.to_replicas} ({decision.reason}): {decision.message}"
    return [Notice("Normal", reason, words)]


def autoscaling_verdicts(scaled: Autoscaled | None, memory: Memory) -> list[Verdict]:
    """What to say of autoscaling.

    Args:
        scaled: what came of a look at the load; None: the spec can't be carried out.
        memory: the status as it is, which then still holds.
    """
    verdict = memory.conditions.get(_TYPE) if scaled is None else scaled.verdict
    return [] if verdict is None else [verdict]


def autoscaling_field(scaled: Autoscaled | None, memory: Memory) -> dict[str, Any]:
    """`autoscaling` of the status; nothing while it is off."""
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
    # No numbers that move all the time: what is told is the last decision, which stands until the next one.
    told = _last_decision(record)
    if sample is None or not is_fresh(sample, now):
        stays = "workers stay as they are" if record.mode == "Active" else "nothing can be advised"
        return Verdict(_TYPE, "False", "NoData", f"Presto can't be asked what there is to do: {stays}")
    if record.mode == "Advisory":
        return Verdict(_TYPE, "False", "Advisory", f"workers.replicas says how many workers; advised: {told}")
    if record.replicas_at_start not in (None, replicas):
        return Verdict(
            _TYPE,
            "True",
            "ReplicasIgnored",
            f"workers.replicas was changed from {record.replicas_at_start} to {replicas} and is ignored, as "
            "autoscaling.mode is Active. Two may believe to decide: stop whoever changes it (kubectl scale, a "
            "HorizontalPodAutoscaler, KEDA) and put it back, or let them by mode Off",
        )
    return Verdict(_TYPE, "True", "Active", f"workers wanted: {told}")


def _last_decision(record: AutoscalingStatus) -> str:
    if not record.decisions:
        return f"{record.desired}, as before"
    return f"{record.desired}; {record.decisions[0].message}"

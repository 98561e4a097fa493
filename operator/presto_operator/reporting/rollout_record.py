"""`status.rollout`: the record of the roll-out in progress, or of the last one, and its Events. Pure.

Decisions read what they need of the past from here, so that a restart of the operator changes neither how long they
wait nor what they count.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from presto_operator.api import PRESTO_CONTAINER, RolloutChange, RolloutStatus
from presto_operator.objects import (
    EventReason,
    Notice,
    counted,
    duration_text,
    format_time,
    generation_of,
    kubernetes_time,
    may_serve,
    named,
)
from presto_operator.planning import LAST_PAGE, Observation, Plan
from presto_operator.presto import QueryActivity

_NAMED_QUERIES = 5
_NO_QUERIES = QueryActivity((), {})


@dataclass(frozen=True)
class Awaited:
    """An answer that is still to come."""


@dataclass(frozen=True)
class RolloutWords:
    """A roll-out in words."""

    because: str
    """Why there is one; empty if unknown."""
    message: str
    """What is still to be done."""


def next_record(
    previous: RolloutStatus | None,
    plan: Plan,
    observation: Observation,
    *,
    serving: str,
    activity: QueryActivity | Awaited | None,
    words: RolloutWords,
    now: datetime,
) -> RolloutStatus | None:
    """The record after a pass.

    Args:
        previous: the record before it.
        plan: what was planned.
        observation: the cluster's objects after that.
        serving: the generation that clients reach after that.
        activity: the queries of the generation that clients were switched away from, asked after that; None if unknown.
            While that is still to come, neither is the switch recorded.
        words: why there is a roll-out, and how far it is.
        now: when the pass began.
    """
    record = previous if previous is not None and previous.finished_at is None else None
    old = plan.old_workers(observation)
    is_lingering = (
        record is not None
        and record.to_generation == serving
        and record.from_generation in {*observation.generations()} - {serving, plan.wanted_generation}
    )
    if record is not None and not is_lingering and record.to_generation != plan.wanted_generation:
        record = None
    if serving == plan.wanted_generation and not old and not is_lingering:
        return _finished(record or previous, plan, observation, serving, now)
    if record is not None and _has_other_workers(record, plan):
        record = None
    if record is None:
        record = _begun(plan, serving, old, now)
    changes: set[RolloutChange] = set(record.changes)
    changes |= {"Generation"} if serving != plan.wanted_generation else set()
    changes |= {"Workers"} if old else set()
    update = {"changes": tuple(sorted(changes)), "because": words.because or record.because, "message": words.message}
    record = _counted(record.model_copy(update=update), plan, observation, now)
    is_unknown = not isinstance(activity, QueryActivity) and record.switched_at is None
    if is_unknown and not _may_have_queries(observation, record.from_generation):
        return _switched(record, serving, _NO_QUERIES, now)
    if isinstance(activity, Awaited):
        return record if record.switched_at is None else _switched(record, serving, None, now)
    return _switched(record, serving, activity, now)


def rollout_events(
    previous: RolloutStatus | None, record: RolloutStatus | None, activity: QueryActivity | None
) -> list[Notice]:
    """The Events about the difference between two records.

    Args:
        previous: the record before a pass.
        record: the record after it.
        activity: the queries of the generation that clients were switched away from; None if unknown.
    """
    if record is None or record == previous:
        return []
    events = []
    if _identity(previous) != _identity(record):
        previous = None
        events.append(Notice("Normal", EventReason.ROLLOUT_STARTED, _start(record)))
    if record.switched_at is not None and (previous is None or previous.switched_at is None):
        names = activity.since(_cost_since(record)) if activity is not None else ()
        queries = f": {named(names, most=_NAMED_QUERIES)}" if names else ""
        words = f"switched clients from generation {record.from_generation} to {record.to_generation}"
        events.append(Notice(_type(record), EventReason.GENERATION_CHANGED, f"{words}; {_cost(record)}{queries}"))
    if record.finished_at is not None and (previous is None or previous.finished_at is None):
        events.append(_end(record))
    return events


def _identity(record: RolloutStatus | None) -> tuple[str, ...] | None:
    """What tells a roll-out from others."""
    return None if record is None else (record.started_at, record.to_generation, record.worker_revision)


def _begun(plan: Plan, serving: str, old: int, now: datetime) -> RolloutStatus:
    is_of_workers = serving == plan.wanted_generation
    return RolloutStatus(
        changes=(),
        from_generation=serving,
        to_generation=plan.wanted_generation,
        updated_workers=0,
        total_workers=0,
        old_workers=old if is_of_workers else 0,
        worker_revision=_worker_revision(plan) if is_of_workers else "",
        started_at=format_time(now),
    )


def _worker_revision(plan: Plan) -> str:
    # The name of a worker Deployment ends in a hash of its pod template.
    return hashlib.sha256(",".join(sorted(plan.worker_deployments)).encode()).hexdigest()[:8]


def _has_other_workers(record: RolloutStatus, plan: Plan) -> bool:
    """Whether a roll-out of workers alone leads to other workers than the plan."""
    return record.changes == ("Workers",) and record.worker_revision != _worker_revision(plan)


def _counted(record: RolloutStatus, plan: Plan, observation: Observation, now: datetime) -> RolloutStatus:
    is_ready_first = plan.is_complete and record.ready_at is None and "Generation" in record.changes
    return record.model_copy(
        update={
            "updated_workers": plan.updated_workers(observation),
            "total_workers": plan.placement.total,
            "ready_at": format_time(now) if is_ready_first else record.ready_at,
        }
    )


def _may_have_queries(observation: Observation, generation: str) -> bool:
    """Whether a coordinator of the generation may be running; one that isn't has no queries to lose."""
    pods = [pod for pod in observation.pods_of("coordinator") if generation_of(pod) == generation]
    return any(may_serve(pod, PRESTO_CONTAINER) for pod in pods)


def _switched(record: RolloutStatus, serving: str, activity: QueryActivity | None, now: datetime) -> RolloutStatus:
    """The record with the switch in it, and with the queries interrupted so far."""
    if record.to_generation != serving or record.from_generation == serving:
        return record
    if record.switched_at is None:
        record = record.model_copy(update={"switched_at": format_time(now)})
    if activity is None:
        return record
    cost = max(record.queries_interrupted or 0, len(activity.since(_cost_since(record))))
    return record.model_copy(update={"queries_interrupted": cost})


def _cost_since(record: RolloutStatus) -> datetime:
    """Queries that ended after this may have had clients that lost their last page."""
    switched_at = kubernetes_time(record.switched_at)
    assert switched_at is not None
    return switched_at - LAST_PAGE


def _finished(
    record: RolloutStatus | None, plan: Plan, observation: Observation, serving: str, now: datetime
) -> RolloutStatus | None:
    if record is None or record.finished_at is not None:
        return record
    ended = {"finished_at": format_time(now)}
    if record.to_generation != serving:
        message = f"cancelled: generation {record.to_generation} was removed before it served"
        return record.model_copy(update={**ended, "message": message})
    if _has_other_workers(record, plan):
        message = "cancelled: the spec was changed back, and no worker has to be replaced"
        return record.model_copy(update={**ended, "message": message, "old_workers": 0})
    record = _switched(_counted(record, plan, observation, now), serving, None, now)
    return record.model_copy(update={**ended, "message": _result(record, observation, now)})


def _result(record: RolloutStatus, observation: Observation, now: datetime) -> str:
    started_at = kubernetes_time(record.started_at) or now
    took = duration_text(now - started_at)
    if "Generation" in record.changes:
        return f"generation {record.to_generation} replaced {record.from_generation} in {took}; {_cost(record)}"
    leaving = len(observation.leaving_workers())
    rest = f"; {counted(leaving, 'old worker')} still draining" if leaving else ""
    return f"{counted(record.old_workers, 'worker')} replaced in {took}{rest}"


def _start(record: RolloutStatus) -> str:
    cause = f" because {record.because}" if record.because else ""
    if "Generation" in record.changes:
        return f"generation {record.to_generation} replaces {record.from_generation}{cause}"
    return f"replacing {counted(record.old_workers, 'worker')}{cause}"


def _end(record: RolloutStatus) -> Notice:
    is_of_generation = "Generation" in record.changes
    is_cancelled = record.switched_at is None if is_of_generation else record.old_workers == 0
    if is_cancelled:
        return Notice("Normal", EventReason.ROLLOUT_CANCELLED, record.message.removeprefix("cancelled: "))
    return Notice(_type(record) if is_of_generation else "Normal", EventReason.ROLLOUT_FINISHED, record.message)


def _cost(record: RolloutStatus) -> str:
    match record.queries_interrupted:
        case None:
            former = record.from_generation
            return f"number of interrupted queries unknown (the coordinator of {former} did not respond)"
        case 0:
            return "no queries were interrupted"
        case 1:
            return "1 query may have been interrupted"
        case count:
            return f"{count} queries may have been interrupted"


def _type(record: RolloutStatus) -> Literal["Normal", "Warning"]:
    return "Normal" if record.queries_interrupted == 0 else "Warning"

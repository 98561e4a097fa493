"""`status.rollout`: the record of the roll-out that goes on, or of the last one. Pure.

What a decision needs to know of the past is here, and not in memory: a restarted operator waits no longer, and counts
no less.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from presto_operator.api import RolloutChange, RolloutStatus
from presto_operator.objects import Notice, format_time, kubernetes_time, named
from presto_operator.planning import LAST_PAGE, Observation, Plan
from presto_operator.presto import QueryActivity

_NAMED_QUERIES = 5


def next_record(
    previous: RolloutStatus | None,
    plan: Plan,
    observation: Observation,
    *,
    serving: str,
    activity: QueryActivity | None,
    message: str,
    now: datetime,
) -> RolloutStatus | None:
    """The record after a pass.

    Args:
        previous: the record before it.
        plan: what was done.
        observation: what there is since then.
        serving: the generation that clients are led to since then.
        activity: the queries of the generation that clients were led away from, asked after that; None if unknown.
        message: what still goes on, in words.
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
    changes: set[RolloutChange] = set(record.changes if record else ())
    changes |= {"Generation"} if serving != plan.wanted_generation else set()
    changes |= {"Workers"} if old else set()
    if record is None:
        record = RolloutStatus(
            changes=(),
            from_generation=serving,
            to_generation=plan.wanted_generation,
            updated_workers=0,
            total_workers=0,
            started_at=format_time(now),
        )
    record = record.model_copy(update={"changes": tuple(sorted(changes)), "message": message})
    return _switched(_counted(record, plan, observation, now), serving, activity, now)


def rollout_news(
    previous: RolloutStatus | None, record: RolloutStatus | None, activity: QueryActivity | None
) -> list[Notice]:
    """What the owner of the cluster may want to know of the difference between two records.

    Args:
        previous: the record before a pass.
        record: the record after it.
        activity: the queries of the generation that clients were led away from; None if unknown.
    """
    if record is None or record.switched_at is None:
        return []
    was_switched = previous is not None and previous.switched_at == record.switched_at
    if not was_switched:
        names = _named(activity.since(_cost_since(record))) if activity is not None else ""
        text = f"clients are led to generation {record.to_generation} now; {_cost(record)}{names}"
        return [Notice(_type(record), "GenerationChanged", text)]
    if previous is not None and previous.finished_at is None and record.finished_at is not None:
        text = f"generation {record.from_generation} is gone; {_cost(record)}"
        return [Notice(_type(record), "GenerationRemoved", text)]
    return []


def _counted(record: RolloutStatus, plan: Plan, observation: Observation, now: datetime) -> RolloutStatus:
    is_ready_first = plan.is_complete and record.ready_at is None and "Generation" in record.changes
    return record.model_copy(
        update={
            "updated_workers": plan.updated_workers(observation),
            "total_workers": plan.placement.total,
            "ready_at": format_time(now) if is_ready_first else record.ready_at,
        }
    )


def _switched(record: RolloutStatus, serving: str, activity: QueryActivity | None, now: datetime) -> RolloutStatus:
    """The record with the switch in it, and with what it has cost so far."""
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
    if record.to_generation != serving:
        ending = f"generation {record.to_generation} was taken back before it served"
        return record.model_copy(update={"message": ending, "finished_at": format_time(now)})
    record = _switched(_counted(record, plan, observation, now), serving, None, now)
    if "Generation" in record.changes:
        ending = f"generation {serving} serves since {record.switched_at}; {_cost(record)}"
    else:
        ending = f"all {record.total_workers} workers are as the spec asks for"
    return record.model_copy(update={"message": ending, "finished_at": format_time(now)})


def _cost(record: RolloutStatus) -> str:
    former = record.from_generation
    match record.queries_interrupted:
        case None:
            return f"how many queries that cost is unknown: the coordinator of generation {former} could not be asked"
        case 0:
            return f"no query was on generation {former}"
        case 1:
            return f"1 query was still on generation {former}, and may have failed"
        case count:
            return f"{count} queries were still on generation {former}, and may have failed"


def _type(record: RolloutStatus) -> Literal["Normal", "Warning"]:
    return "Normal" if record.queries_interrupted == 0 else "Warning"


def _named(queries: tuple[str, ...]) -> str:
    return f": {named(queries, most=_NAMED_QUERIES)}" if queries else ""

"""What a pass reports: the cluster's status and its Events. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from presto_operator.api import PoolLimit, RolloutStatus
from presto_operator.objects import EventReason, Notice, counted, metadata_generation, named
from presto_operator.planning import (
    Decision,
    Observation,
    Plan,
    PoolCount,
    Seen,
    Serving,
    Valid,
    Verdict,
    autoscaling_field,
    autoscaling_verdicts,
    limit_notices,
    pool_counts,
    waiting_coordinator_words,
)
from presto_operator.presto import QueryActivity
from presto_operator.reporting import conditions
from presto_operator.reporting.events import condition_events, scaling_events
from presto_operator.reporting.progress import progressing
from presto_operator.reporting.rollout_reason import rollout_reason
from presto_operator.reporting.rollout_record import Awaited, RolloutWords, next_record, rollout_events
from presto_operator.reporting.status import new_status


@dataclass(frozen=True)
class Done:
    """What the API server has acknowledged of a decision."""

    errors: tuple[str, ...] = ()
    """What could not be done, each with the object's kind and name."""
    corrected: tuple[str, ...] = ()
    """Objects that somebody else had changed or deleted, and that are as they should be again."""


@dataclass(frozen=True)
class After:
    """What there is once a decision is carried out."""

    observation: Observation
    serving: str | None
    """The generation that serves clients since then."""
    activity: QueryActivity | None
    """The queries of the generation that clients were switched away from, asked after that; None if unknown."""
    now: datetime
    is_awaited: bool = False
    """Whether the answer to that is still to come."""


@dataclass(frozen=True)
class Report:
    """What a pass has to report."""

    status: dict[str, Any]
    notices: tuple[Notice, ...]
    pools: tuple[PoolCount, ...]
    """The workers of each pool of the generation that serves."""
    limits: Mapping[str, PoolLimit]
    """The pools that get fewer workers than their share."""
    metastore: str | None
    """The status of the condition MetastoreAvailable; None if there is no such condition."""


def report(seen: Seen, decision: Decision, done: Done, after: After) -> Report:
    """The status of the cluster, and what has happened to it, after a pass."""
    plan = decision.plan
    because = _because(seen, after, plan)
    generation = metadata_generation(seen.body)
    waits = _waits(seen, decision)
    progress = progressing(seen.spec, generation, after.observation, plan, seen.memory, because, waits=waits)
    metastore = _metastore_verdict(seen)
    verdicts = [
        conditions.valid(seen.spec, seen.memory, generation),
        conditions.ready(after.observation, after.serving, seen.memory, after.now),
        progress,
        conditions.degraded(after.observation, plan, list(done.errors)),
        conditions.draining(after.observation),
        *([metastore] if metastore is not None else []),
        *autoscaling_verdicts(decision.autoscaled, seen.memory),
    ]
    pools = _pools(seen, after, plan)
    limits = plan.placement.limits if plan is not None else seen.memory.limits
    rollout = _rollout(seen, after, plan, RolloutWords(because, progress.message))
    status = new_status(
        seen.memory.status,
        verdicts,
        after.observation,
        metadata=seen.body["metadata"],
        serving=Serving(after.serving, pools, limits),
        rollout=rollout,
        now=after.now,
    ) | autoscaling_field(decision.autoscaled, seen.memory)
    notices = (
        *scaling_events(seen, plan, decision.autoscaled, status),
        *_replaced(seen, plan),
        *rollout_events(seen.memory.rollout, rollout, after.activity),
        *condition_events(seen.memory.status, status),
        *(limit_notices(seen.memory.limits, plan.placement) if plan is not None else ()),
        *(_corrected(label) for label in done.corrected),
    )
    return Report(status, notices, pools, limits, metastore.status if metastore is not None else None)


def _corrected(label: str) -> Notice:
    message = f"{label} was changed or deleted by something else, and has been restored"
    return Notice("Normal", EventReason.CORRECTED, message)


def _replaced(seen: Seen, plan: Plan | None) -> list[Notice]:
    """The Event about a generation that is removed without ever having served: that is no roll-out."""
    before = seen.serving
    if plan is None or before is None or plan.serving_generation == before.name or not before.has_never_served:
        return []
    message = f"generation {plan.wanted_generation} replaces {before.name}, which has never served"
    return [Notice("Normal", EventReason.ROLLOUT_STARTED, message)]


def _because(seen: Seen, after: After, plan: Plan | None) -> str:
    """Why there is a roll-out. Once the old objects are gone, only its record still knows."""
    if plan is None:
        return ""
    record = seen.memory.rollout
    recorded = record.because if record is not None and record.finished_at is None else ""
    return rollout_reason(after.observation, plan, after.serving) or recorded


def _waits(seen: Seen, decision: Decision) -> list[str]:
    """What waits for other clusters, or for the end of queries on a coordinator that is to move."""
    waits = [waiting_coordinator_words(reclaim) for reclaim in decision.waiting]
    if decision.plan is not None and decision.plan.waits_for_turn:
        generation, most = decision.plan.wanted_generation, counted(seen.turn.limit, "cluster")
        others = f"{named(seen.turn.others)} start new ones, and {most} at most do so at the same time"
        waits.insert(0, f"generation {generation} waits for its turn: {others}")
    return waits


def _pools(seen: Seen, after: After, plan: Plan | None) -> tuple[PoolCount, ...]:
    """The workers of each pool of the generation that serves.

    What isn't planned of it is what status remembers, rather than what its Deployments have: a roll-out adds workers
    for a while.
    """
    remembered = seen.memory.shares if after.serving == seen.memory.serving_generation else {}
    if plan is None:
        return tuple(pool_counts(after.observation, after.serving, remembered or None))
    # Until another generation takes over, pools that the spec no longer has stay as they are.
    kept = remembered if plan.wanted_generation != after.serving else {}
    return tuple(pool_counts(after.observation, after.serving, {**kept, **plan.placement.replicas_by_pool}))


def _metastore_verdict(seen: Seen) -> Verdict | None:
    """The condition MetastoreAvailable; None without a metastore, or without a check of it.

    No decision depends on it: a metastore that is down is no reason to touch Presto.
    """
    # While the spec is rejected, the metastore of the running cluster is still checked.
    is_reported = "MetastoreAvailable" in seen.memory.conditions
    if not seen.metastore and (isinstance(seen.spec, Valid) or not is_reported):
        return None
    return conditions.metastore_available(seen.metastore, seen.memory, metadata_generation(seen.body))


def _rollout(seen: Seen, after: After, plan: Plan | None, words: RolloutWords) -> RolloutStatus | None:
    """The record of the roll-out after this pass."""
    if plan is None or after.serving is None or plan.waits_for_turn:
        return seen.memory.rollout
    return next_record(
        seen.memory.rollout,
        plan,
        after.observation,
        serving=after.serving,
        activity=Awaited() if after.is_awaited else after.activity,
        words=words,
        now=seen.now,
    )

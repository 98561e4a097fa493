"""What a pass reports: the cluster's status and its news. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from presto_operator.api import PoolLimit, RolloutStatus
from presto_operator.objects import Notice, metadata_generation
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
    autoscaling_notices,
    autoscaling_verdicts,
    limit_notices,
    pool_counts,
)
from presto_operator.presto import QueryActivity
from presto_operator.reporting import conditions
from presto_operator.reporting.rollout_record import next_record, rollout_news
from presto_operator.reporting.status import new_status, news


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
    progressing = conditions.progressing(after.observation, plan)
    metastore = _metastore_verdict(seen)
    verdicts = [
        conditions.valid(seen.spec, seen.memory, metadata_generation(seen.body)),
        conditions.ready(after.observation, after.serving),
        progressing,
        conditions.degraded(after.observation, plan, list(done.errors)),
        conditions.draining(after.observation),
        *([metastore] if metastore is not None else []),
        *autoscaling_verdicts(decision.autoscaled, seen.memory),
    ]
    pools = _pools(after, plan)
    limits = plan.placement.limits if plan is not None else seen.memory.limits
    rollout = _rollout(seen, decision, after, progressing.message)
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
        *(autoscaling_notices(decision.autoscaled) if decision.autoscaled else ()),
        *news(seen.memory.status, status),
        *rollout_news(seen.memory.rollout, rollout, after.activity),
        *(limit_notices(seen.memory.limits, limits, plan.placement.explanations) if plan is not None else ()),
        *(Notice("Normal", "Corrected", f"{label} was not as wanted: put right") for label in done.corrected),
    )
    return Report(status, notices, pools, limits, metastore.status if metastore is not None else None)


def _pools(after: After, plan: Plan | None) -> tuple[PoolCount, ...]:
    is_planned = plan is not None and plan.wanted_generation == after.serving
    wanted = plan.placement.replicas_by_pool if plan is not None and is_planned else None
    return tuple(pool_counts(after.observation, after.serving, wanted))


def _metastore_verdict(seen: Seen) -> Verdict | None:
    """What to say of the metastore; None if there is none, or if it isn't to be asked.

    Nothing but words comes of it: a metastore that is down is no reason to touch Presto.
    """
    # Of an invalid spec, what was asked before is asked on: that is what the running cluster uses.
    is_reported = "MetastoreAvailable" in seen.memory.conditions
    if not seen.metastore and (isinstance(seen.spec, Valid) or not is_reported):
        return None
    return conditions.metastore_available(seen.metastore, seen.memory, metadata_generation(seen.body))


def _rollout(seen: Seen, decision: Decision, after: After, message: str) -> RolloutStatus | None:
    """The record of the roll-out after this pass."""
    if decision.plan is None or after.serving is None:
        return seen.memory.rollout
    return next_record(
        seen.memory.rollout,
        decision.plan,
        after.observation,
        serving=after.serving,
        activity=after.activity,
        message=message,
        now=seen.now,
    )

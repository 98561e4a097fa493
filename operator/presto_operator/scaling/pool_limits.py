"""Pools that are short of nodes: how many workers they get, and when they are tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from presto_operator.api import LimitReason, PlacementSettings, Pool, PoolLimit, whole_second
from presto_operator.objects import format_time

_MOST_DOUBLINGS = 3
"""The wait doubles up to 8 penalties: 2 hours with the default reclaimPenalty."""


@dataclass(frozen=True)
class PoolObservation:
    """What is known of one pool's workers."""

    workers: int
    """Desired replicas of its Deployment."""
    placed: int
    """Workers that have a node which is neither leaving nor lost."""
    unschedulable_since: datetime | None = None
    """Since when its longest-waiting worker has had no node; None if none waits."""
    reclaimed_at: datetime | None = None
    """When nodes with workers of this pool were last reclaimed; None if none were."""

    @property
    def supplied(self) -> int:
        """How many of its desired workers have a node; extra workers of a roll-out don't count."""
        return min(self.placed, self.workers)


def next_limit(
    limit: PoolLimit | None,
    observed: PoolObservation | None,
    *,
    share: int,
    settings: PlacementSettings,
    now: datetime,
) -> PoolLimit | None:
    """The limit of a pool after an observation; None if it gets its share.

    When its nodes are reclaimed, or its workers find none, a pool is limited to the workers that have a node. After the
    penalty it is tried with one more worker, then two, four and so on, as long as they get nodes in time. If the first
    one doesn't, the penalty doubles. So pools come back without flapping, and few workers wait for nodes at a time.

    Args:
        limit: the limit so far.
        observed: what was observed of the pool; if None, the limit stays as it is.
        share: workers that it would get without its limit.
        settings: the thresholds.
        now: the time.
    """
    if observed is None:
        return limit
    if _is_news(limit, observed.reclaimed_at, now, settings):
        assert observed.reclaimed_at is not None
        return _after_reclaim(limit, observed, whole_second(observed.reclaimed_at), settings)
    waits_since = observed.unschedulable_since
    is_stuck = waits_since is not None and now - waits_since >= settings.longest_wait
    if is_stuck and (limit is None or limit.reason == "Reclaimed" or now >= limit.until):
        return _put_off(limit, observed, now, settings)
    if limit is None or now < limit.until or observed.supplied < observed.workers:
        # Workers that were placed here as a last resort and got a node may stay.
        return limit and _with_most(limit, max(limit.most, observed.supplied))
    return None if share <= limit.most else _tried_with_more(limit, now, settings)


def explanation(pool: Pool, limit: PoolLimit) -> str:
    """Why the pool gets fewer workers than its share, and until when, in words."""
    why = {"Reclaimed": "its nodes were reclaimed", "Unschedulable": "its workers found no nodes"}[limit.reason]
    most = max(limit.most, pool.min_replicas)
    workers = "1 worker" if most == 1 else f"{most} workers"
    return f"pool {pool.name} gets at most {workers} until {format_time(limit.until)}: {why}"


def _is_news(
    limit: PoolLimit | None, reclaimed_at: datetime | None, now: datetime, settings: PlacementSettings
) -> bool:
    if reclaimed_at is None or now >= whole_second(reclaimed_at) + settings.penalty:
        return False
    return limit is None or limit.reclaimed_at is None or limit.reclaimed_at < whole_second(reclaimed_at)


def _after_reclaim(
    limit: PoolLimit | None, observed: PoolObservation, reclaimed_at: datetime, settings: PlacementSettings
) -> PoolLimit:
    until = reclaimed_at + settings.penalty
    if limit is not None and limit.reason == "Unschedulable":
        return limit.model_copy(
            update={
                "most": min(limit.most, observed.supplied),
                "until": max(limit.until, until),
                "step": 1,
                "reclaimed_at": reclaimed_at,
            }
        )
    return _limit("Reclaimed", observed, until, reclaimed_at=reclaimed_at)


def _put_off(
    limit: PoolLimit | None, observed: PoolObservation, now: datetime, settings: PlacementSettings
) -> PoolLimit:
    has_failed_before = limit is not None and limit.reason == "Unschedulable"
    failures = limit.failures + 1 if limit is not None and has_failed_before else 0
    wait = settings.penalty * 2 ** min(failures, _MOST_DOUBLINGS)
    return _limit(
        "Unschedulable",
        observed,
        whole_second(now + wait),
        failures=failures,
        reclaimed_at=limit.reclaimed_at if limit is not None else None,
    )


def _limit(
    reason: LimitReason,
    observed: PoolObservation,
    until: datetime,
    *,
    failures: int = 0,
    reclaimed_at: datetime | None = None,
) -> PoolLimit:
    return PoolLimit(reason=reason, most=observed.supplied, until=until, failures=failures, reclaimed_at=reclaimed_at)


def _tried_with_more(limit: PoolLimit, now: datetime, settings: PlacementSettings) -> PoolLimit:
    return limit.model_copy(
        update={
            "most": limit.most + limit.step,
            "step": 2 * limit.step,
            "until": whole_second(now + settings.longest_wait),
            # Failures are forgotten only after a successful attempt.
            "failures": limit.failures if limit.step == 1 else 0,
        }
    )


def _with_most(limit: PoolLimit, most: int) -> PoolLimit:
    return limit if most == limit.most else limit.model_copy(update={"most": most})

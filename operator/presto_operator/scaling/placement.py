"""Sharing the wanted workers out over the pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from presto_operator.api import PlacementSettings, Pool, PoolLimit
from presto_operator.scaling.pool_limits import PoolObservation, explanation, next_limit
from presto_operator.scaling.shares import filled, hard_ceilings


@dataclass(frozen=True)
class Supply:
    """What is known of where nodes can be had."""

    now: datetime
    settings: PlacementSettings
    observed: Mapping[str, PoolObservation] = field(default_factory=dict)
    """What was observed, by pool. Nothing is taken away from or given to a pool of which nothing is known."""
    limits: Mapping[str, PoolLimit] = field(default_factory=dict)
    """What the last placement left behind, by pool; kept in status."""


@dataclass(frozen=True)
class Placement:
    """Which pool has how many workers, and what could not be had."""

    replicas_by_pool: dict[str, int]
    unplaced: int
    """Workers that were asked for but that no pool's maximum leaves room for."""
    limits: dict[str, PoolLimit] = field(default_factory=dict)
    """The pools that get fewer workers than their share for now; to be handed to the next placement."""
    explanations: tuple[str, ...] = ()
    """A sentence for each pool that is limited."""

    @property
    def total(self) -> int:
        """Workers in all pools together; more than asked for where the minimums ask for more."""
        return sum(self.replicas_by_pool.values())


def place_workers(pools: Sequence[Pool], wanted: int, supply: Supply | None = None) -> Placement:
    """`wanted` workers over `pools`: each pool's minimum first, OnDemand pools last, none above a maximum.

    Within Spot and Any pools, and within OnDemand pools, the rest is shared out by price and number of instance types,
    and evenly where these are equal. A pool that is short of nodes (`PoolLimit`) gets what it would have too much only
    if the others are full. A change of `wanted` by one changes one pool by one.

    Args:
        pools: the pools of the spec.
        wanted: workers wanted in all pools together.
        supply: what is known of where nodes can be had; None: nothing is, and every pool gets its share.
    """
    limits = {} if supply is None else _next_limits(pools, wanted, supply)
    replicas, unplaced = _shared_out(pools, wanted, limits)
    words = tuple(explanation(pool, limits[pool.name]) for pool in pools if pool.name in limits)
    return Placement(replicas, unplaced, limits, words)


def _next_limits(pools: Sequence[Pool], wanted: int, supply: Supply) -> dict[str, PoolLimit]:
    known = {pool.name: supply.limits[pool.name] for pool in pools if pool.name in supply.limits}
    limits = {}
    for pool in pools:
        others = {name: limit for name, limit in known.items() if name != pool.name}
        share = _shared_out(pools, wanted, others)[0][pool.name] if pool.name in known else 0
        limit = next_limit(
            known.get(pool.name),
            supply.observed.get(pool.name),
            share=share,
            settings=supply.settings,
            now=supply.now,
        )
        if limit is not None:
            limits[pool.name] = limit
    return limits


def _shared_out(pools: Sequence[Pool], wanted: int, limits: Mapping[str, PoolLimit]) -> tuple[dict[str, int], int]:
    """Workers by pool, and how many found no room."""
    replicas = {pool.name: pool.min_replicas for pool in pools}
    missing = max(0, wanted - sum(replicas.values()))
    hard = hard_ceilings(pools)
    soft = {name: min(most, limits[name].most) if name in limits else most for name, most in hard.items()}
    cheap = [pool for pool in pools if pool.capacity_type != "OnDemand"]
    dear = [pool for pool in pools if pool.capacity_type == "OnDemand"]
    # What was reclaimed a while ago may well be had again, at less than the price of on-demand nodes. What wasn't to be
    # had at all is asked for only if nothing else is left.
    reclaimed = [pool for pool in cheap if pool.name in limits and limits[pool.name].reason == "Reclaimed"]
    for some, ceilings in ((cheap, soft), (reclaimed, hard), (dear, soft), (cheap, hard), (dear, hard)):
        replicas, missing = filled(replicas, some, missing, ceilings)
    return replicas, missing

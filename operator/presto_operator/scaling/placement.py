"""How the desired workers are distributed over the pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from presto_operator.api import PlacementSettings, Pool, PoolLimit
from presto_operator.scaling.pool_limits import PoolObservation, explanation, next_limit
from presto_operator.scaling.shares import filled, hard_ceilings


@dataclass(frozen=True)
class Supply:
    """Where nodes are known to be available."""

    now: datetime
    settings: PlacementSettings
    observed: Mapping[str, PoolObservation] = field(default_factory=dict)
    """What was observed, by pool. The limit of a pool without an observation stays as it is."""
    limits: Mapping[str, PoolLimit] = field(default_factory=dict)
    """The limits of the last placement, by pool; kept in status."""


@dataclass(frozen=True)
class Placement:
    """How many workers each pool gets, and how many don't fit anywhere."""

    replicas_by_pool: dict[str, int]
    unplaced: int
    """Desired workers that don't fit, because all pools are at their maxReplicas."""
    limits: dict[str, PoolLimit] = field(default_factory=dict)
    """The pools that get fewer workers than their share for now; the next placement needs them."""
    explanations: tuple[str, ...] = ()
    """A sentence for each limited pool."""

    @property
    def total(self) -> int:
        """Workers in all pools; more than desired if the pools' minimums add up to more."""
        return sum(self.replicas_by_pool.values())


def place_workers(pools: Sequence[Pool], wanted: int, supply: Supply | None = None) -> Placement:
    """Distribute `wanted` workers over `pools`: each pool's minimum first, OnDemand pools last, none above a maximum.

    Within Spot and Any pools, and within OnDemand pools, the rest is distributed by price and number of instance types,
    and evenly where these are equal. A pool that is short of nodes (`PoolLimit`) gets more than its limit only if the
    others are full. A change of `wanted` by one changes one pool by one.

    Args:
        pools: the pools of the spec.
        wanted: workers desired in all pools.
        supply: where nodes are known to be available; if None, every pool gets its share.
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
    """Workers by pool, and how many don't fit."""
    replicas = {pool.name: pool.min_replicas for pool in pools}
    missing = max(0, wanted - sum(replicas.values()))
    hard = hard_ceilings(pools)
    soft = {name: min(most, limits[name].most) if name in limits else most for name, most in hard.items()}
    cheap = [pool for pool in pools if pool.capacity_type != "OnDemand"]
    dear = [pool for pool in pools if pool.capacity_type == "OnDemand"]
    # Nodes that were reclaimed a while ago may be available again, for less than on-demand nodes. Nodes that were not
    # available at all are requested only as the last resort.
    reclaimed = [pool for pool in cheap if pool.name in limits and limits[pool.name].reason == "Reclaimed"]
    for some, ceilings in ((cheap, soft), (reclaimed, hard), (dear, soft), (cheap, hard), (dear, hard)):
        replicas, missing = filled(replicas, some, missing, ceilings)
    return replicas, missing

"""Distributing workers over pools in a fixed order, so that one worker more or less changes one pool by one."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from presto_operator.api import MAX_WORKERS, Pool

Ceilings = Mapping[str, int]
"""The maximum number of workers of each pool, by name."""


def hard_ceilings(pools: Sequence[Pool]) -> dict[str, int]:
    """Each pool's maximum by the spec."""
    return {pool.name: MAX_WORKERS if pool.max_replicas is None else pool.max_replicas for pool in pools}


def filled(
    replicas: Mapping[str, int], pools: Sequence[Pool], missing: int, ceilings: Ceilings
) -> tuple[dict[str, int], int]:
    """Add up to `missing` workers to `replicas` in `pools`; returns also how many don't fit.

    The next worker goes to the pool whose workers cost least together, by price and per instance type. So each pool
    gets its first worker before any gets its second; a pool of three instance types gets three times as many workers as
    a pool of one, since one type is reclaimed at a time; and a pool at half the price gets twice as many. Among equals
    the cheaper pool comes first, then the first of the list.
    """
    shares = dict(replicas)
    costs = _costs(pools)
    queue = [
        (shares[pool.name] * costs[index], costs[index], index)
        for index, pool in enumerate(pools)
        if shares[pool.name] < ceilings[pool.name]
    ]
    heapq.heapify(queue)
    while missing > 0 and queue:
        _, cost, index = heapq.heappop(queue)
        name = pools[index].name
        shares[name] += 1
        missing -= 1
        if shares[name] < ceilings[name]:
            heapq.heappush(queue, (shares[name] * cost, cost, index))
    return shares, max(0, missing)


def _costs(pools: Sequence[Pool]) -> list[int]:
    """The cost of a worker of each pool relative to the others, in integers, so that they compare exactly."""
    prices = [Fraction(pool.price_per_hour) if pool.price_per_hour else None for pool in pools]
    dearest = max((price for price in prices if price is not None), default=Fraction(1))
    costs = [
        (dearest if price is None else price) / max(1, len(pool.instance_types))
        for pool, price in zip(pools, prices, strict=True)
    ]
    scale = math.lcm(*(cost.denominator for cost in costs))
    return [int(cost * scale) for cost in costs]

"""Sharing the wanted workers out over the pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from presto_operator.api import Pool


@dataclass(frozen=True)
class Placement:
    """Which pool has how many workers, and what could not be had."""

    replicas_by_pool: dict[str, int]
    unplaced: int
    """Workers that were asked for but that no pool's maximum leaves room for."""

    @property
    def total(self) -> int:
        """Workers in all pools together; more than asked for where the minimums ask for more."""
        return sum(self.replicas_by_pool.values())


def place_workers(pools: Sequence[Pool], wanted: int) -> Placement:
    """`wanted` workers over `pools`: each pool's minimum first, the rest evenly, none above a maximum.

    Evenly means that the pool with the fewest workers gets the next one, the first of the list among equals, so a
    change of `wanted` by one changes one pool by one.
    """
    replicas = {pool.name: pool.min_replicas for pool in pools}
    missing = wanted - sum(replicas.values())
    while missing > 0:
        open_pools = [pool for pool in pools if pool.max_replicas is None or replicas[pool.name] < pool.max_replicas]
        if not open_pools:
            break
        emptiest = min(open_pools, key=lambda pool: replicas[pool.name])
        replicas[emptiest.name] += 1
        missing -= 1
    return Placement(replicas, max(0, missing))

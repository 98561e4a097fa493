"""Pools of all kinds, and a market in which their nodes can be had or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from presto_operator.api import PlacementSettings, Pool, PoolLimit
from presto_operator.scaling import Placement, PoolObservation, Supply, place_workers

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SETTINGS = PlacementSettings()


@st.composite
def plain_pools(draw: st.DrawFn) -> list[Pool]:
    """Some pools that say nothing of their nodes, with or without bounds."""
    pools = []
    for number in range(draw(st.integers(1, 6))):
        low = draw(st.integers(0, 20))
        high = draw(st.none() | st.integers(low, 30))
        pools.append(Pool(name=f"pool-{number}", min_replicas=low, max_replicas=high))
    return pools


@st.composite
def all_pools(draw: st.DrawFn) -> list[Pool]:
    """Some pools of every kind."""
    return [
        pool.model_copy(
            update={
                "capacity_type": draw(st.sampled_from(["Spot", "OnDemand", "Any"])),
                "price_per_hour": draw(st.none() | st.sampled_from(["0.40", "0.42", "1.01", "0.000001", "999999"])),
                "instance_types": tuple(f"type-{number}" for number in range(draw(st.integers(0, 4)))),
            }
        )
        for pool in draw(plain_pools())
    ]


def moments(*, around: datetime = NOW) -> st.SearchStrategy[datetime]:
    """Moments within some hours of `around`."""
    return st.integers(-4 * 3600, 4 * 3600).map(lambda seconds: around + timedelta(seconds=seconds))


def observations() -> st.SearchStrategy[PoolObservation]:
    """Anything that may be seen of a pool."""
    return st.builds(
        PoolObservation, st.integers(0, 40), st.integers(0, 40), st.none() | moments(), st.none() | moments()
    )


def limits() -> st.SearchStrategy[PoolLimit]:
    """Anything that may be remembered of a pool."""
    return st.builds(
        PoolLimit,
        reason=st.sampled_from(["Reclaimed", "Unschedulable"]),
        most=st.integers(0, 40),
        until=moments(),
        step=st.sampled_from([1, 2, 4, 8]),
        failures=st.integers(0, 6),
        reclaimed_at=st.none() | moments(),
    )


@st.composite
def supplies(draw: st.DrawFn, pools: Sequence[Pool]) -> Supply:
    """Anything that may be known of these pools."""
    names = st.sampled_from([pool.name for pool in pools])
    return Supply(
        now=draw(moments()),
        settings=SETTINGS,
        observed=draw(st.dictionaries(names, observations())),
        limits=draw(st.dictionaries(names, limits())),
    )


@dataclass
class Market:
    """A world in which each pool has so many nodes at most, and the placement is carried out at once."""

    pools: Sequence[Pool]
    nodes: dict[str, int]
    """Nodes that can be had, by pool; a pool that isn't there has as many as anyone wants."""
    now: datetime = NOW
    replicas: dict[str, int] = field(default_factory=dict)
    limits: Mapping[str, PoolLimit] = field(default_factory=dict)
    reclaimed: dict[str, datetime] = field(default_factory=dict)
    waiting_since: dict[str, datetime] = field(default_factory=dict)
    started: int = 0
    """Workers that pools were given beyond what they had, over all time."""

    def placed(self, pool: str) -> int:
        """Workers of the pool that have a node."""
        return min(self.replicas.get(pool, 0), self.nodes.get(pool, 1000))

    def step(self, wanted: int, *, seconds: int = 10) -> Placement:
        """Let time pass, and place the workers anew."""
        self.now += timedelta(seconds=seconds)
        for pool in self.pools:
            if self.replicas.get(pool.name, 0) > self.placed(pool.name):
                self.waiting_since.setdefault(pool.name, self.now)
            else:
                self.waiting_since.pop(pool.name, None)
        observed = {
            pool.name: PoolObservation(
                self.replicas[pool.name],
                self.placed(pool.name),
                self.waiting_since.get(pool.name),
                self.reclaimed.get(pool.name),
            )
            for pool in self.pools
            if pool.name in self.replicas
        }
        placement = place_workers(self.pools, wanted, Supply(self.now, SETTINGS, observed, self.limits))
        self.started += sum(
            max(0, count - self.replicas.get(name, 0)) for name, count in placement.replicas_by_pool.items()
        )
        self.replicas, self.limits = placement.replicas_by_pool, placement.limits
        return placement

    def run(self, wanted: int, *, minutes: float) -> Placement:
        """Let that much time pass, ten seconds a step."""
        for _ in range(max(1, int(minutes * 6))):
            placement = self.step(wanted)
        return placement

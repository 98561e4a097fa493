from __future__ import annotations

from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from presto_operator.api import Pool
from presto_operator.scaling import Supply, place_workers
from presto_operator.scaling.placement import Placement
from tests.unit.scaling.pools import SETTINGS, all_pools, plain_pools, supplies

_WANTED = st.integers(0, 200)


@st.composite
def _situations(draw: st.DrawFn) -> tuple[list[Pool], Supply | None]:
    pools = draw(all_pools())
    return pools, draw(st.none() | supplies(pools))


@given(_situations(), _WANTED)
def test_no_pool_is_outside_its_bounds(situation: tuple[list[Pool], Supply | None], wanted: int) -> None:
    pools, supply = situation
    placement = place_workers(pools, wanted, supply)
    assert list(placement.replicas_by_pool) == [pool.name for pool in pools]
    for pool in pools:
        replicas = placement.replicas_by_pool[pool.name]
        assert replicas >= pool.min_replicas
        assert pool.max_replicas is None or replicas <= pool.max_replicas


@given(_situations(), _WANTED)
def test_all_that_are_wanted_are_placed_or_said_to_be_unplaced(
    situation: tuple[list[Pool], Supply | None], wanted: int
) -> None:
    pools, supply = situation
    placement = place_workers(pools, wanted, supply)
    assert placement.total + placement.unplaced == max(wanted, sum(pool.min_replicas for pool in pools))
    assert placement.unplaced >= 0
    if placement.unplaced:
        assert all(placement.replicas_by_pool[pool.name] == pool.max_replicas for pool in pools)


@given(_situations(), _WANTED)
def test_the_same_is_placed_the_same(situation: tuple[list[Pool], Supply | None], wanted: int) -> None:
    pools, supply = situation
    assert place_workers(pools, wanted, supply) == place_workers(pools, wanted, supply)


@given(_situations(), _WANTED)
def test_one_more_worker_is_one_more_in_one_pool(situation: tuple[list[Pool], Supply | None], wanted: int) -> None:
    pools, supply = situation
    before = place_workers(pools, wanted, supply)
    after = _with_limits_of(before, pools, wanted + 1, supply)
    assume(after.total > before.total)
    changes = [after.replicas_by_pool[name] - replicas for name, replicas in before.replicas_by_pool.items()]
    assert sorted(changes) == [0] * (len(pools) - 1) + [1]


@given(_situations(), _WANTED, _WANTED)
def test_more_wanted_are_nowhere_fewer(situation: tuple[list[Pool], Supply | None], one: int, other: int) -> None:
    pools, supply = situation
    before = place_workers(pools, min(one, other), supply)
    fewer = before.replicas_by_pool
    more = _with_limits_of(before, pools, max(one, other), supply).replicas_by_pool
    assert all(more[name] >= fewer[name] for name in fewer)


@given(_situations(), _WANTED, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_without_news_nothing_moves(
    situation: tuple[list[Pool], Supply | None], wanted: int, passed: timedelta
) -> None:
    pools, supply = situation
    assume(supply is not None)
    assert supply is not None
    before = place_workers(pools, wanted, supply)
    blind = Supply(supply.now + passed, SETTINGS, {}, before.limits)
    assert place_workers(pools, wanted, blind) == before


@given(st.integers(1, 10), _WANTED)
def test_pools_without_bounds_differ_by_one_at_most(count: int, wanted: int) -> None:
    replicas = place_workers([Pool(name=f"pool-{number}") for number in range(count)], wanted).replicas_by_pool.values()
    assert sum(replicas) == wanted
    assert max(replicas) - min(replicas) <= 1


@given(plain_pools(), _WANTED)
def test_a_plain_pool_has_more_than_another_only_for_its_bounds(pools: list[Pool], wanted: int) -> None:
    replicas = place_workers(pools, wanted).replicas_by_pool
    for full in pools:
        for low in pools:
            if replicas[full.name] > replicas[low.name] + 1:
                assert replicas[full.name] == full.min_replicas or replicas[low.name] == low.max_replicas


def test_first_of_the_list_comes_first_among_equals() -> None:
    pools = [Pool(name="spot"), Pool(name="base"), Pool(name="rest")]
    assert place_workers(pools, 4).replicas_by_pool == {"spot": 2, "base": 1, "rest": 1}


def test_minimums_are_kept_when_fewer_are_wanted() -> None:
    placement = place_workers([Pool(name="a", min_replicas=2), Pool(name="b", min_replicas=3)], 1)
    assert (placement.replicas_by_pool, placement.total, placement.unplaced) == ({"a": 2, "b": 3}, 5, 0)


def test_on_demand_is_the_base_and_what_spot_has_no_room_for() -> None:
    spot = Pool(name="spot", capacity_type="Spot", max_replicas=5)
    base = Pool(name="base", capacity_type="OnDemand", min_replicas=2)
    assert place_workers([base, spot], 6).replicas_by_pool == {"base": 2, "spot": 4}
    assert place_workers([base, spot], 9).replicas_by_pool == {"base": 4, "spot": 5}


def test_the_cheaper_pool_gets_more_and_no_pool_is_forgotten() -> None:
    cheap = Pool(name="cheap", capacity_type="Spot", price_per_hour="0.20")
    dear = Pool(name="dear", capacity_type="Spot", price_per_hour="0.40")
    unpriced = Pool(name="unpriced", capacity_type="Spot")
    assert place_workers([dear, cheap, unpriced], 3).replicas_by_pool == {"dear": 1, "cheap": 1, "unpriced": 1}
    assert place_workers([dear, cheap, unpriced], 40).replicas_by_pool == {"dear": 10, "cheap": 20, "unpriced": 10}


def test_a_pool_of_more_instance_types_gets_more() -> None:
    three = Pool(name="three", capacity_type="Spot", instance_types=("a", "b", "c"))
    one = Pool(name="one", capacity_type="Spot", instance_types=("d",))
    assert place_workers([one, three], 40).replicas_by_pool == {"one": 10, "three": 30}


def _with_limits_of(before: Placement, pools: list[Pool], wanted: int, supply: Supply | None) -> Placement:
    """More or fewer workers at the same moment, when nothing else has been seen."""
    return place_workers(pools, wanted, supply and Supply(supply.now, SETTINGS, {}, before.limits))

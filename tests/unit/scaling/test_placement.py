from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from presto_operator.api import Pool
from presto_operator.scaling import place_workers


@st.composite
def bounded_pools(draw: st.DrawFn) -> list[Pool]:
    """Some pools, with or without bounds."""
    pools = []
    for number in range(draw(st.integers(1, 6))):
        low = draw(st.integers(0, 20))
        high = draw(st.none() | st.integers(low, 30))
        pools.append(Pool(name=f"pool-{number}", min_replicas=low, max_replicas=high))
    return pools


_WANTED = st.integers(0, 200)


@given(bounded_pools(), _WANTED)
def test_no_pool_is_outside_its_bounds(pools: list[Pool], wanted: int) -> None:
    placement = place_workers(pools, wanted)
    assert list(placement.replicas_by_pool) == [pool.name for pool in pools]
    for pool in pools:
        replicas = placement.replicas_by_pool[pool.name]
        assert replicas >= pool.min_replicas
        assert pool.max_replicas is None or replicas <= pool.max_replicas


@given(bounded_pools(), _WANTED)
def test_all_that_are_wanted_are_placed_or_said_to_be_unplaced(pools: list[Pool], wanted: int) -> None:
    placement = place_workers(pools, wanted)
    assert placement.total + placement.unplaced == max(wanted, sum(pool.min_replicas for pool in pools))
    assert placement.unplaced >= 0
    if placement.unplaced:
        assert all(placement.replicas_by_pool[pool.name] == pool.max_replicas for pool in pools)


@given(bounded_pools(), _WANTED)
def test_one_more_worker_is_one_more_in_one_pool(pools: list[Pool], wanted: int) -> None:
    before = place_workers(pools, wanted)
    after = place_workers(pools, wanted + 1)
    assume(after.total > before.total)
    changes = [after.replicas_by_pool[name] - replicas for name, replicas in before.replicas_by_pool.items()]
    assert sorted(changes) == [0] * (len(pools) - 1) + [1]


@given(bounded_pools(), _WANTED, _WANTED)
def test_more_wanted_are_nowhere_fewer(pools: list[Pool], one: int, other: int) -> None:
    fewer = place_workers(pools, min(one, other)).replicas_by_pool
    more = place_workers(pools, max(one, other)).replicas_by_pool
    assert all(more[name] >= fewer[name] for name in fewer)


@given(st.integers(1, 10), _WANTED)
def test_pools_without_bounds_differ_by_one_at_most(count: int, wanted: int) -> None:
    replicas = place_workers([Pool(name=f"pool-{number}") for number in range(count)], wanted).replicas_by_pool.values()
    assert sum(replicas) == wanted
    assert max(replicas) - min(replicas) <= 1


@given(bounded_pools(), _WANTED)
def test_a_pool_has_more_than_another_only_for_its_bounds(pools: list[Pool], wanted: int) -> None:
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

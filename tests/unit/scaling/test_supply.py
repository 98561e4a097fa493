"""Pools that are short of nodes, as time passes."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from presto_operator.api import Pool, PoolLimit
from tests.unit.scaling.pools import NOW, Market, all_pools

_SPOT = [
    Pool(name="r5", capacity_type="Spot", price_per_hour="0.40"),
    Pool(name="r6", capacity_type="Spot", price_per_hour="0.40"),
]
_BASE = Pool(name="base", capacity_type="OnDemand", min_replicas=2, price_per_hour="1.01")
_POOLS = [*_SPOT, _BASE]


def test_workers_that_find_no_node_move_to_another_spot_pool() -> None:
    market = Market(_POOLS, {"r5": 1})
    assert market.step(10).replicas_by_pool == {"r5": 4, "r6": 4, "base": 2}
    assert market.run(10, minutes=1.9).replicas_by_pool == {"r5": 4, "r6": 4, "base": 2}
    placement = market.run(10, minutes=0.4)
    assert placement.replicas_by_pool == {"r5": 1, "r6": 7, "base": 2}
    assert placement.limits["r5"].reason == "Unschedulable"
    assert placement.explanations == (
        "pool r5 gets at most 1 worker until 2026-11-24T12:17:20Z: its workers found no nodes",
    )


def test_on_demand_comes_last_and_only_while_spot_cannot_be_had() -> None:
    market = Market(_POOLS, {"r5": 1, "r6": 3})
    assert market.run(10, minutes=10).replicas_by_pool == {"r5": 1, "r6": 3, "base": 6}
    market.nodes = {}
    assert market.run(10, minutes=60).replicas_by_pool == {"r5": 4, "r6": 4, "base": 2}
    assert market.limits == {}


def test_a_pool_comes_back_step_by_step() -> None:
    market = Market([_SPOT[0], _BASE], {"r5": 0})
    market.run(40, minutes=5)
    assert market.replicas == {"r5": 0, "base": 40}
    market.nodes = {}
    sizes = [market.step(40).replicas_by_pool["r5"] for _ in range(6 * 60)]
    assert sorted(set(sizes)) == [0, 1, 3, 7, 15, 31, 38]
    assert sizes == sorted(sizes)


def test_a_pool_that_never_has_nodes_is_tried_ever_more_seldom_and_by_one_worker() -> None:
    market = Market([_SPOT[0], _BASE], {"r5": 0})
    market.run(10, minutes=5)
    begun = market.started
    sizes = [market.step(10).replicas_by_pool["r5"] for _ in range(6 * 60 * 12)]
    tries = sum(1 for before, after in pairwise(sizes) if after > before)
    assert set(sizes) == {0, 1}
    # After 15 min, 30 min, 1 h, and from then on every 2 h, and each takes some minutes.
    assert 6 <= tries <= 8
    assert market.started - begun == 2 * tries  # one there, and one back


def test_a_reclaimed_pool_gets_no_more_for_a_while() -> None:
    market = Market(_POOLS, {})
    market.run(10, minutes=5)
    market.nodes["r5"] = 2
    market.reclaimed["r5"] = market.now
    placement = market.step(10)
    assert placement.replicas_by_pool == {"r5": 2, "r6": 6, "base": 2}
    assert placement.limits["r5"].reason == "Reclaimed"
    market.nodes = {}
    assert market.run(10, minutes=14).replicas_by_pool == {"r5": 2, "r6": 6, "base": 2}
    assert market.run(20, minutes=0.2).replicas_by_pool == {"r5": 2, "r6": 16, "base": 2}
    assert market.run(10, minutes=30).replicas_by_pool == {"r5": 4, "r6": 4, "base": 2}
    assert market.limits == {}


def test_a_reclaimed_pool_is_still_cheaper_than_on_demand() -> None:
    market = Market([_SPOT[0], _BASE], {})
    market.run(10, minutes=5)
    market.reclaimed["r5"] = market.now
    assert market.step(10).replicas_by_pool == {"r5": 8, "base": 2}
    market.nodes["r5"] = 5
    assert market.run(10, minutes=2).replicas_by_pool == {"r5": 8, "base": 2}
    assert market.run(10, minutes=1).replicas_by_pool == {"r5": 5, "base": 5}


def test_an_old_reclaim_is_forgotten() -> None:
    market = Market(_POOLS, {}, reclaimed={"r5": NOW - timedelta(hours=1)})
    market.run(10, minutes=5)
    assert market.limits == {}


def test_where_nothing_else_is_left_workers_wait_in_a_pool_without_nodes() -> None:
    market = Market([_SPOT[0]], {"r5": 3})
    placement = market.run(10, minutes=10)
    assert (placement.replicas_by_pool, placement.unplaced) == ({"r5": 10}, 0)
    assert "r5" in placement.limits


def test_what_a_restart_of_the_operator_reads_back_is_what_was_remembered() -> None:
    market = Market(_POOLS, {"r5": 1})
    market.run(10, minutes=3.3)
    stored = {name: limit.model_dump(by_alias=True, mode="json") for name, limit in market.limits.items()}
    assert stored == {"r5": {**stored["r5"], "most": 1, "until": "2026-11-24T12:17:20Z"}}
    assert {name: PoolLimit.model_validate(limit) for name, limit in stored.items()} == market.limits


@settings(max_examples=25)
@given(all_pools(), st.integers(0, 60), st.data())
def test_with_the_world_as_it_is_workers_soon_stay_where_they_are(
    pools: list[Pool], wanted: int, data: st.DataObject
) -> None:
    nodes = data.draw(st.dictionaries(st.sampled_from([pool.name for pool in pools]), st.integers(0, 30)))
    market = Market(pools, nodes)
    market.run(wanted, minutes=30)
    begun = market.started
    for _ in range(6 * 60 * 4):
        placement = market.step(wanted)
        assert placement.total + placement.unplaced == max(wanted, sum(pool.min_replicas for pool in pools))
    # In four hours each pool may be tried five times: with one worker, which comes back.
    assert market.started - begun <= 5 * 2 * len(pools)


@settings(max_examples=25)
@given(all_pools(), st.integers(0, 60))
def test_where_nodes_can_be_had_nothing_moves_at_all(pools: list[Pool], wanted: int) -> None:
    market = Market(pools, {})
    first = market.step(wanted)
    begun = market.started
    assert market.run(wanted, minutes=60) == first
    assert market.started == begun

"""Roll-outs, workers at risk and moves between pools share one budget."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from presto_operator.scaling import AtRisk, Revision, Turnover, next_turnover
from tests.unit.scaling.fleet import Fleet

_POOLS = st.dictionaries(st.sampled_from(["r5", "r6", "base"]), st.integers(0, 8), min_size=1, max_size=3)
_SURGES = st.integers(1, 4)
_CHANCES = st.integers(0, 2**32).map(Random)
_SHARES = st.sampled_from([0.1, 0.5, 1.0])


def _revision(pool: str, replicas: int, **fields: Any) -> Revision:
    counts = {"pods": replicas, "ready": replicas, "available": replicas, **fields}
    return Revision(name=pool, pool=pool, is_wanted=True, replicas=replicas, **counts)


def _step(wanted: dict[str, int], *revisions: Revision, at_risk: int = 0, leaving: int = 0, surge: int = 1) -> Turnover:
    """The next step where so many workers of the first revision are at risk, all of them ready."""
    risks = {revisions[0].name: AtRisk(at_risk, at_risk)}
    return next_turnover(wanted, revisions, risks, leaving=leaving, max_surge=surge)


def _fleet(wanted: dict[str, int], max_surge: int, chance: Random) -> Fleet:
    """A fleet that is as wanted."""
    fleet = Fleet(wanted, max_surge=max_surge, chance=chance)
    fleet.run_until_done()
    fleet.most_over_wanted = 0
    return fleet


def test_ready_workers_that_a_late_status_does_not_count_are_not_removed_as_if_they_were_idle() -> None:
    late = _revision("r5", 3, ready=2, available=2, uncounted=1)
    assert _step({"r5": 2, "r6": 1}, late, _revision("r6", 0)).replicas_by_pool == {"r5": 3, "r6": 1}
    late = _revision("r5", 3, ready=1, available=1, uncounted=2)
    assert _step({"r5": 1, "r6": 2}, late, _revision("r6", 0)).replicas_by_pool == {"r5": 3, "r6": 1}


def test_a_replacement_comes_before_a_worker_at_risk_goes() -> None:
    assert _step({"r5": 4}, _revision("r5", 4), at_risk=1) == Turnover({"r5": 5}, {}, {})
    assert _step({"r5": 4}, _revision("r5", 5, available=4), at_risk=1) == Turnover({"r5": 5}, {}, {})
    assert _step({"r5": 4}, _revision("r5", 5), at_risk=1) == Turnover({"r5": 4}, {}, {"r5": 1})


def test_a_whole_pool_at_risk_is_replaced_at_the_pace_of_the_budget() -> None:
    assert _step({"r5": 4}, _revision("r5", 4), at_risk=4, surge=2) == Turnover({"r5": 6}, {}, {})
    assert _step({"r5": 4}, _revision("r5", 6), at_risk=4, surge=2) == Turnover({"r5": 4}, {}, {"r5": 2})
    # While those two drain, there is no room for others.
    assert _step({"r5": 4}, _revision("r5", 4), at_risk=2, leaving=2, surge=2) == Turnover({"r5": 4}, {}, {})


def test_on_a_scale_down_workers_at_risk_go_without_replacement() -> None:
    assert _step({"r5": 3}, _revision("r5", 4), at_risk=1) == Turnover({"r5": 3}, {}, {"r5": 1})


def test_what_nobody_wants_goes_at_once_and_what_is_missing_comes_at_once() -> None:
    assert _step({"r5": 3, "r6": 2}, _revision("r5", 9), _revision("r6", 5)).replicas_by_pool == {"r5": 3, "r6": 2}
    assert _step({"r5": 9, "r6": 9}, _revision("r5", 2), _revision("r6", 1)).replicas_by_pool == {"r5": 9, "r6": 9}


def test_workers_that_wait_for_a_node_move_at_once() -> None:
    there = (_revision("r5", 4, ready=1, available=1), _revision("r6", 4))
    assert _step({"r5": 1, "r6": 7}, *there).replicas_by_pool == {"r5": 1, "r6": 7}


def test_workers_that_serve_move_as_others_take_over() -> None:
    spot, base = _revision("spot", 4), _revision("base", 6)
    assert _step({"spot": 8, "base": 2}, spot, base, surge=2).replicas_by_pool == {"spot": 6, "base": 6}
    spot = _revision("spot", 6)
    assert _step({"spot": 8, "base": 2}, spot, base, surge=2).replicas_by_pool == {"spot": 6, "base": 4}


@given(_POOLS, _SURGES, _CHANCES, _SHARES)
def test_workers_at_risk_are_replaced_within_the_budget(
    wanted: dict[str, int], max_surge: int, chance: Random, share: float
) -> None:
    fleet = _fleet(wanted, max_surge, chance)
    fleet.put_at_risk(share)
    fleet.run_until_done()
    assert fleet.lost == []
    assert fleet.most_over_wanted <= max_surge


@given(_POOLS, _SURGES, _CHANCES, _SHARES, st.lists(st.integers(0, 150), min_size=1, max_size=5))
def test_a_roll_out_and_workers_at_risk_share_the_budget(
    wanted: dict[str, int], max_surge: int, chance: Random, share: float, pauses: list[int]
) -> None:
    fleet = _fleet(wanted, max_surge, chance)
    for number, pause in enumerate(pauses):
        fleet.revision = "bac"[number % 3]
        fleet.put_at_risk(share)
        fleet.run(pause)
    fleet.run_until_done()
    assert fleet.lost == []
    assert fleet.most_over_wanted <= max_surge


@given(st.lists(st.permutations([0, 2, 5]), min_size=1, max_size=4), _SURGES, _CHANCES, st.integers(0, 150), _SHARES)
def test_moves_between_pools_share_it_too(
    shares: list[list[int]], max_surge: int, chance: Random, pause: int, share: float
) -> None:
    pools = ["r5", "r6", "base"]
    fleet = _fleet(dict(zip(pools, [5, 2, 0], strict=True)), max_surge, chance)
    for moved in shares:
        fleet.want(dict(zip(pools, moved, strict=True)))
        fleet.put_at_risk(share / 2)
        fleet.run(pause)
    fleet.run_until_done()
    assert fleet.lost == []
    assert fleet.most_over_wanted <= max_surge


@given(_POOLS, _POOLS, _SURGES, _CHANCES, st.lists(_POOLS, max_size=3), st.integers(0, 150))
def test_whatever_happens_it_ends(
    first: dict[str, int],
    last: dict[str, int],
    max_surge: int,
    chance: Random,
    between: list[dict[str, int]],
    pause: int,
) -> None:
    fleet = _fleet(first, max_surge, chance)
    for number, wanted in enumerate([*between, last]):
        fleet.want(wanted)
        fleet.revision = "ab"[number % 2]
        fleet.put_at_risk(0.4)
        fleet.run(pause)
    fleet.run_until_done()
    assert fleet.lost == []

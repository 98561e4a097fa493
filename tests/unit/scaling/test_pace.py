from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.scaling import Revision
from presto_operator.scaling.pace import Step, next_step
from tests.unit.scaling.fleet import Fleet

_POOLS = st.dictionaries(st.sampled_from(["r5", "r6", "base"]), st.integers(0, 8), min_size=1, max_size=3)
_SURGES = st.integers(1, 4)
_CHANCES = st.integers(0, 2**32).map(Random)


def _fleet(wanted: dict[str, int], max_surge: int, chance: Random) -> Fleet:
    """A fleet that is as wanted."""
    fleet = Fleet(wanted, max_surge=max_surge, chance=chance)
    fleet.run_until_done()
    return fleet


@given(_POOLS, _SURGES)
def test_a_first_creation_is_not_paced(wanted: dict[str, int], max_surge: int) -> None:
    assert next_step(wanted, [], leaving=0, max_surge=max_surge) == Step(wanted, {})


@given(_POOLS, _POOLS, _SURGES, st.integers(0, 30))
def test_scaling_without_a_change_is_not_paced(
    before: dict[str, int], wanted: dict[str, int], max_surge: int, leaving: int
) -> None:
    there = [_revision("new", pool, wanted=True, replicas=count) for pool, count in before.items() if pool in wanted]
    assert next_step(wanted, there, leaving=leaving, max_surge=max_surge) == Step(wanted, {})


@given(_POOLS, _SURGES, _CHANCES)
def test_a_roll_out_ends_within_its_bounds(wanted: dict[str, int], max_surge: int, chance: Random) -> None:
    fleet = _fleet(wanted, max_surge, chance)
    fleet.most_over_wanted = 0
    fleet.revision = "b"
    fleet.run_until_done()
    assert fleet.lost == []
    assert fleet.most_over_wanted <= max_surge


@given(_POOLS, _SURGES, _CHANCES, st.lists(st.integers(0, 200), min_size=1, max_size=5))
def test_a_roll_out_that_changes_its_mind_ends_within_its_bounds(
    wanted: dict[str, int], max_surge: int, chance: Random, pauses: list[int]
) -> None:
    fleet = _fleet(wanted, max_surge, chance)
    fleet.most_over_wanted = 0
    for number, pause in enumerate(pauses):
        # Revisions come back: "b" after "a" after "b".
        fleet.revision = "bac"[number % 3]
        fleet.run(pause)
    fleet.run_until_done()
    assert fleet.lost == []
    assert fleet.most_over_wanted <= max_surge


@given(_POOLS, _SURGES, _CHANCES, st.lists(st.tuples(st.integers(0, 100), _POOLS), min_size=1, max_size=4))
def test_scaling_and_pools_may_change_in_the_middle_of_a_roll_out(
    wanted: dict[str, int], max_surge: int, chance: Random, changes: list[tuple[int, dict[str, int]]]
) -> None:
    fleet = _fleet(wanted, max_surge, chance)
    fleet.revision = "b"
    for pause, pools in changes:
        fleet.run(pause)
        fleet.want(pools)
    fleet.run_until_done()


@given(_POOLS, _SURGES, _CHANCES, st.lists(st.tuples(st.integers(0, 100), st.integers(0, 20)), max_size=4))
def test_scaling_in_the_middle_of_a_roll_out_takes_no_worker_that_is_needed(
    wanted: dict[str, int], max_surge: int, chance: Random, changes: list[tuple[int, int]]
) -> None:
    fleet = _fleet({"r5": sum(wanted.values())}, max_surge, chance)
    fleet.revision = "b"
    for pause, count in changes:
        fleet.run(pause)
        fleet.want({"r5": count})
    fleet.run_until_done()
    # Of a pool that gets smaller, new workers may go while old ones still serve for them; never the other way round.
    assert [loss for loss in fleet.lost if "'a'" in loss] == []


@given(_POOLS, _SURGES, _CHANCES, st.integers(1, 20))
def test_more_workers_are_there_at_once(wanted: dict[str, int], max_surge: int, chance: Random, more: int) -> None:
    fleet = _fleet(wanted, max_surge, chance)
    fleet.revision = "b"
    fleet.run(60)
    fleet.want({pool: count + more for pool, count in fleet.wanted.items()})
    fleet.step()
    assert sum(fleet.replicas.values()) >= fleet.total_wanted


@given(_POOLS, _SURGES, _CHANCES)
def test_a_revision_that_never_starts_costs_no_worker_and_taking_it_back_restarts_none(
    wanted: dict[str, int], max_surge: int, chance: Random
) -> None:
    fleet = _fleet(wanted, max_surge, chance)
    healthy = {worker.number for worker in fleet.available}
    fleet.revision = "b"
    fleet.bad.add("b")
    fleet.run(500)
    assert {worker.number for worker in fleet.available} == healthy
    assert len(fleet.workers) <= fleet.total_wanted + max_surge
    fleet.revision = "a"
    fleet.run_until_done()
    assert {worker.number for worker in fleet.available} == healthy


@given(_POOLS, _SURGES, _CHANCES)
def test_a_revision_that_never_starts_is_replaced_by_one_that_does(
    wanted: dict[str, int], max_surge: int, chance: Random
) -> None:
    fleet = _fleet(wanted, max_surge, chance)
    fleet.most_over_wanted = 0
    for revision in ("b", "c"):
        fleet.revision = revision
        fleet.bad.add(revision)
        fleet.run(200)
    fleet.revision = "d"
    fleet.run_until_done()
    assert fleet.lost == []
    assert fleet.most_over_wanted <= max_surge


@given(_POOLS, _SURGES, _CHANCES)
def test_a_cluster_that_never_worked_is_put_right(wanted: dict[str, int], max_surge: int, chance: Random) -> None:
    fleet = Fleet(wanted, max_surge=max_surge, chance=chance)
    fleet.bad.add("a")
    fleet.run(200)
    fleet.revision = "b"
    fleet.run_until_done()


@given(_POOLS, _SURGES, _CHANCES, st.integers(0, 400))
def test_taking_a_change_back_in_the_middle_restarts_no_worker_that_is_as_it_was(
    wanted: dict[str, int], max_surge: int, chance: Random, pause: int
) -> None:
    fleet = _fleet(wanted, max_surge, chance)
    fleet.revision = "b"
    fleet.run(pause)
    fleet.settle_controllers()
    unchanged = {worker.number for worker in fleet.available if worker.key[1] == "a"}
    fleet.revision = "a"
    fleet.run_until_done()
    assert unchanged <= {worker.number for worker in fleet.available}


@pytest.mark.parametrize(
    ("old", "new", "leaving", "expected"),
    [
        ({}, None, 0, (2, 10)),
        ({}, {"replicas": 2, "available": 0}, 0, (2, 10)),
        ({}, {"replicas": 2, "available": 1}, 0, (2, 9)),
        ({}, {"replicas": 2}, 0, (2, 8)),
        ({}, {"replicas": 2}, 2, (2, 10)),
        ({"replicas": 8, "pods": 10, "ready": 10, "available": 10}, {"replicas": 2}, 0, (2, 8)),
        ({"replicas": 8}, {"replicas": 2}, 2, (2, 8)),
        ({"replicas": 8}, {"replicas": 2}, 1, (3, 8)),
        ({"replicas": 8}, {"replicas": 2}, 0, (4, 8)),
        ({"ready": 8, "available": 8}, {"replicas": 2}, 0, (2, 8)),
        ({"ready": 10, "available": 8}, {"replicas": 2}, 0, (2, 10)),
        ({"ready": 0, "available": 0, "failing": 10}, None, 0, (2, 8)),
        ({"ready": 9, "available": 9}, {"replicas": 2, "ready": 0, "available": 0}, 0, (2, 10)),
        ({"replicas": 5}, None, 20, (5, 5)),
        ({"replicas": 20}, {"replicas": 2}, 0, (2, 10)),
    ],
    ids=[
        "new workers come first",
        "that start",
        "and take over one by one",
        "or several at a time",
        "but nobody leaves while as many still do",
        "or have just been told to",
        "and nobody comes in their place before they are gone",
        "but then",
        "at once",
        "those that don't serve go first",
        "one that is ready since a moment ago may be spared while one that serves is taken",
        "those that can't start go without being replaced first",
        "one that falters keeps its place as long as no other takes it",
        "workers that are missing come however many leave",
        "who goes for a smaller cluster leaves, too",
    ],
)
def test_step_by_step(old: dict[str, int], new: dict[str, int] | None, leaving: int, expected: tuple[int, int]) -> None:
    there = [_revision("old", "r5", wanted=False, **{"replicas": 10, **old})]
    if new is not None:
        there.append(_revision("new", "r5", wanted=True, **new))
    step = next_step({"r5": 10}, there, leaving=leaving, max_surge=2)
    assert (step.replicas_by_pool["r5"], step.old_replicas["old"]) == expected


def test_a_pool_that_is_taken_out_goes_as_the_others_take_over() -> None:
    there = [
        _revision("old-pool", "r4", wanted=False, replicas=2),
        _revision("new-r5", "r5", wanted=True, replicas=2),
    ]
    assert next_step({"r5": 4}, there, leaving=0, max_surge=1) == Step({"r5": 3}, {"old-pool": 2})
    there[1] = _revision("new-r5", "r5", wanted=True, replicas=3)
    assert next_step({"r5": 4}, there, leaving=0, max_surge=1) == Step({"r5": 3}, {"old-pool": 1})


def test_workers_that_cannot_start_go_before_those_that_only_falter() -> None:
    there = [
        _revision("a-falters", "r5", wanted=False, replicas=1, available=0),
        _revision("b-crashes", "r5", wanted=False, replicas=1, available=0, failing=1),
        _revision("new", "r5", wanted=True, replicas=10),
    ]
    assert next_step({"r5": 10}, there, leaving=9, max_surge=10).old_replicas == {"a-falters": 0, "b-crashes": 0}
    there[2] = _revision("new", "r5", wanted=True, replicas=9)
    assert next_step({"r5": 10}, there, leaving=0, max_surge=1).old_replicas == {"a-falters": 1, "b-crashes": 0}


def test_a_revision_that_does_not_serve_goes_before_one_that_does() -> None:
    there = [
        _revision("a-serves", "r5", wanted=False, replicas=4),
        _revision("b-starts", "r5", wanted=False, replicas=1, available=0),
        _revision("new", "r5", wanted=True, replicas=7),
    ]
    assert next_step({"r5": 10}, there, leaving=1, max_surge=2).old_replicas == {"a-serves": 4, "b-starts": 0}


def test_the_pool_with_the_most_to_spare_goes_first() -> None:
    there = [
        _revision("old-a", "a", wanted=False, replicas=4),
        _revision("old-b", "b", wanted=False, replicas=4),
        _revision("new-a", "a", wanted=True, replicas=0),
        _revision("new-b", "b", wanted=True, replicas=2),
    ]
    assert next_step({"a": 4, "b": 4}, there, leaving=0, max_surge=2).old_replicas == {"old-a": 4, "old-b": 2}


def test_pools_share_one_surge() -> None:
    there = [_revision(f"old-{pool}", pool, wanted=False, replicas=4) for pool in ("a", "b", "c")]
    step = next_step({"a": 4, "b": 4, "c": 4}, there, leaving=0, max_surge=2)
    assert sum(step.replicas_by_pool.values()) == 2
    assert sum(step.old_replicas.values()) == 12


def test_a_smaller_cluster_keeps_the_workers_that_serve() -> None:
    # The new ones don't start: of 12 old and 8 new workers, 10 old ones are left and a single new one tries on.
    there = [
        _revision("old", "r5", wanted=False, replicas=12),
        _revision("new", "r5", wanted=True, replicas=8, ready=0, available=0),
    ]
    assert next_step({"r5": 10}, there, leaving=0, max_surge=1) == Step({"r5": 1}, {"old": 10})


def test_when_the_new_workers_do_for_a_smaller_cluster_all_old_ones_go_at_once() -> None:
    there = [
        _revision("old", "r5", wanted=False, replicas=12),
        _revision("new", "r5", wanted=True, replicas=8),
    ]
    assert next_step({"r5": 6}, there, leaving=0, max_surge=1) == Step({"r5": 6}, {"old": 0})


def _revision(name: str, pool: str, *, wanted: bool, replicas: int, **counts: Any) -> Revision:
    """A revision all of whose workers serve, but for what is said otherwise."""
    full = {"pods": replicas, "ready": counts.get("available", replicas), "available": replicas}
    return Revision(name=name, pool=pool, is_wanted=wanted, replicas=replicas, **{**full, **counts})

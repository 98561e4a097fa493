from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from presto_operator.scaling import replicas_while_moving

_COUNTS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 20), min_size=1)


def test_new_workers_come_before_old_ones_go() -> None:
    aim, current = {"spot": 8, "base": 2}, {"spot": 4, "base": 6}
    assert replicas_while_moving(aim, current, {"spot": 4, "base": 6}) == {"spot": 8, "base": 6}
    assert replicas_while_moving(aim, {"spot": 8, "base": 6}, {"spot": 7, "base": 6}) == {"spot": 8, "base": 3}
    assert replicas_while_moving(aim, {"spot": 8, "base": 3}, {"spot": 8, "base": 3}) == aim


def test_workers_that_nobody_wants_go_at_once() -> None:
    assert replicas_while_moving({"a": 3, "b": 2}, {"a": 5, "b": 5}, {"a": 5, "b": 5}) == {"a": 3, "b": 2}


def test_workers_that_wait_for_a_node_are_not_waited_for() -> None:
    assert replicas_while_moving({"a": 1, "b": 7}, {"a": 4, "b": 4}, {"a": 1, "b": 4}) == {"a": 1, "b": 7}


def test_of_a_pool_of_which_nothing_is_known_nobody_goes_for_being_idle() -> None:
    assert replicas_while_moving({"a": 1, "b": 7}, {"a": 4, "b": 4}, {"b": 4}) == {"a": 4, "b": 7}


@given(_COUNTS, _COUNTS, _COUNTS)
def test_it_is_between_what_there_is_and_what_there_shall_be(
    aim: dict[str, int], current: dict[str, int], available: dict[str, int]
) -> None:
    now = replicas_while_moving(aim, current, available)
    assert now.keys() == aim.keys()
    for name, replicas in aim.items():
        assert replicas <= now[name] <= max(replicas, current.get(name, replicas))


@given(_COUNTS, _COUNTS)
def test_it_arrives_once_all_are_at_work(aim: dict[str, int], current: dict[str, int]) -> None:
    growing = replicas_while_moving(aim, current, {})
    assert replicas_while_moving(aim, growing, growing) == aim


@given(_COUNTS, _COUNTS, st.data())
def test_no_worker_at_work_goes_while_too_few_are(
    aim: dict[str, int], current: dict[str, int], data: st.DataObject
) -> None:
    have = {name: current.get(name, replicas) for name, replicas in aim.items()}
    available = {name: data.draw(st.integers(0, count)) for name, count in have.items()}
    now = replicas_while_moving(aim, have, available)
    at_work = sum(min(available[name], now[name]) for name in aim)
    assert at_work >= min(sum(available.values()), sum(aim.values()))

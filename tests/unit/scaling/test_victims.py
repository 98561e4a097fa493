from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from presto_operator.scaling import Candidate, Departure, departure, depends_on_tasks

_NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def worker(name: str, *, age_minutes: int = 0, **fields: Any) -> Candidate:
    return Candidate(name, _NOW - timedelta(minutes=age_minutes), **fields)


def replaced(name: str, **fields: Any) -> Candidate:
    return worker(name, is_first_to_go=True, is_to_be_replaced=True, **fields)


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    """Some workers of every kind."""
    found = []
    for number in range(draw(st.integers(0, 8))):
        is_to_be_replaced = draw(st.booleans())
        found.append(
            worker(
                f"worker-{number}",
                age_minutes=draw(st.integers(0, 3)),
                is_ready=draw(st.booleans()),
                is_available=draw(st.booleans()),
                is_first_to_go=is_to_be_replaced or draw(st.booleans()),
                is_to_be_replaced=is_to_be_replaced,
                running_tasks=draw(st.none() | st.integers(0, 3)),
            )
        )
    return found


def test_who_does_not_serve_goes_before_who_may_go_before_the_idle_before_the_newest() -> None:
    there = [
        worker("unknown"),
        worker("busy", running_tasks=9),
        worker("old", running_tasks=0, age_minutes=60),
        worker("new", running_tasks=0),
        worker("risky", running_tasks=9, is_first_to_go=True),
        worker("starting", is_ready=False),
        worker("just-ready", is_available=False, running_tasks=9),
    ]
    order = departure(there, fewer=7).chosen
    assert order == ("starting", "just-ready", "risky", "new", "old", "busy", "unknown")
    for fewer in range(7):
        assert departure(there, fewer=fewer) == Departure(order[:fewer])


def test_who_has_been_replaced_goes_first() -> None:
    there = [worker("idle", running_tasks=0), replaced("one", running_tasks=3), replaced("two", running_tasks=1)]
    assert departure(there, fewer=1, to_be_replaced=1) == Departure(("two",))
    assert departure(there, fewer=2, to_be_replaced=1) == Departure(("two", "one"))


def test_who_has_been_replaced_is_deleted_where_kubernetes_would_take_another() -> None:
    there = [replaced("one"), worker("starting", is_ready=False), worker("other")]
    assert departure(there, fewer=1, to_be_replaced=1) == Departure(("one",), ("one",))
    assert departure(there, fewer=2, to_be_replaced=1) == Departure(("one", "starting"))
    assert departure([replaced("one")], fewer=0, to_be_replaced=1) == Departure(("one",), ("one",))


@given(candidates(), st.integers(0, 10), st.integers(0, 10))
def test_as_many_leave_as_shall(there: list[Candidate], fewer: int, to_be_replaced: int) -> None:
    found = departure(there, fewer=fewer, to_be_replaced=to_be_replaced)
    replaceable = sum(1 for item in there if item.is_to_be_replaced)
    assert len(set(found.chosen)) == len(found.chosen)
    assert len(found.chosen) == min(len(there), max(fewer, min(to_be_replaced, replaceable)))
    assert set(found.deleted) <= {item.name for item in there if item.is_to_be_replaced} & set(found.chosen)


@given(candidates(), st.integers(0, 10), st.randoms())
def test_the_order_in_which_they_are_found_does_not_matter(there: list[Candidate], fewer: int, chance: Any) -> None:
    shuffled = list(there)
    chance.shuffle(shuffled)
    assert departure(shuffled, fewer=fewer) == departure(there, fewer=fewer)


@given(candidates(), st.integers(0, 10))
def test_where_tasks_are_not_asked_for_they_do_not_matter(there: list[Candidate], fewer: int) -> None:
    serving = {item.name for item in there if item.is_ready and item.is_available and not item.is_first_to_go}
    if not depends_on_tasks(there, fewer=fewer):
        chosen = set(departure(there, fewer=fewer).chosen) & serving
        assert chosen in (set(), serving)

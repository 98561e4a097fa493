from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from presto_operator.api import RolloutStatus
from presto_operator.planning.handover import LAST_PAGE, LONGEST_LINGER, Handover
from presto_operator.planning.observation import Observation
from presto_operator.planning.plan import NOTHING_WAITS
from presto_operator.planning.serving import serving_generation
from presto_operator.presto.queries import QueryActivity
from tests.unit.generations import generation_name
from tests.unit.live import joined, observation, planned
from tests.unit.manifest import cluster

NOTHING = Observation((), (), None)
OLD_CLUSTER = cluster(version="0.283")
NEW_CLUSTER = cluster(version="0.287")
OLD = generation_name(OLD_CLUSTER)
NEW = generation_name(NEW_CLUSTER)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TIMEOUT = timedelta(minutes=10)
BUSY = QueryActivity(("q1", "q2"), {})
QUIET = QueryActivity((), {"q0": NOON - timedelta(hours=1)})


def test_a_first_generation_asks_nobody() -> None:
    first = Handover(planned(NEW_CLUSTER, NOTHING), NOTHING, None, None)
    assert first.generation_to_ask is None
    assert first.hold(None, drain_timeout=TIMEOUT, now=NOON) == NOTHING_WAITS


def test_a_generation_that_is_not_complete_asks_nobody() -> None:
    seen = joined(_old(), _new(ready_workers=0))
    assert _handover(seen).generation_to_ask is None


def test_a_complete_generation_asks_the_one_that_serves() -> None:
    assert _waiting().generation_to_ask == OLD


def test_it_takes_over_when_no_query_runs() -> None:
    assert _waiting().hold(QUIET, drain_timeout=TIMEOUT, now=NOON) == NOTHING_WAITS


def test_it_waits_while_a_query_runs_and_says_for_what() -> None:
    hold = _waiting().hold(BUSY, drain_timeout=TIMEOUT, now=NOON)
    assert hold.takeover
    assert hold.message == (
        f"generation {NEW} is ready and takes over once no queries run on {OLD}, at 12:10:00 UTC at the latest; "
        "2 queries are running"
    )


@pytest.mark.parametrize(("ago", "waits"), [(0, True), (4, True), (5, True), (6, False)])
def test_it_leaves_clients_time_for_their_last_page(ago: int, *, waits: bool) -> None:
    ended = QueryActivity((), {"q1": NOON - ago * SECOND})
    assert _waiting().hold(ended, drain_timeout=TIMEOUT, now=NOON).takeover is waits


def test_a_query_that_ended_later_than_now_has_just_ended() -> None:
    # Two machines' clocks are never quite the same.
    ended = QueryActivity((), {"q1": NOON + SECOND})
    assert _waiting().hold(ended, drain_timeout=TIMEOUT, now=NOON).takeover


@pytest.mark.parametrize(("seconds", "waits"), [(0, True), (599, True), (600, False), (6000, False)])
@pytest.mark.parametrize("activity", [BUSY, None], ids=["busy", "not to be asked"])
def test_it_waits_no_longer_than_it_may(activity: QueryActivity | None, seconds: int, *, waits: bool) -> None:
    ready = _waiting(record=_record(ready_at="2026-01-01T12:00:00Z"))
    assert ready.hold(activity, drain_timeout=TIMEOUT, now=NOON + seconds * SECOND).takeover is waits


def test_the_wait_for_another_generation_does_not_count() -> None:
    former = _record(to_generation="another", ready_at="2026-01-01T11:00:00Z")
    assert _waiting(record=former).hold(BUSY, drain_timeout=TIMEOUT, now=NOON).takeover


def test_no_timeout_is_no_wait() -> None:
    assert _waiting().hold(BUSY, drain_timeout=timedelta(0), now=NOON) == NOTHING_WAITS


def test_a_dead_coordinator_is_waited_for_by_nobody() -> None:
    dead = _waiting(old=_old(is_coordinator_ready=False))
    assert dead.is_takeover
    assert dead.generation_to_ask is None
    assert dead.hold(None, drain_timeout=TIMEOUT, now=NOON) == NOTHING_WAITS


def test_nothing_ends_on_an_answer_that_is_not_of_this_moment() -> None:
    hold = _waiting().hold(QUIET, is_current=False, drain_timeout=TIMEOUT, now=NOON)
    assert hold.takeover
    now = NOON + 6 * SECOND
    assert _switched().hold(QUIET, drain_timeout=TIMEOUT, now=now) == NOTHING_WAITS
    assert _switched().hold(QUIET, is_current=False, drain_timeout=TIMEOUT, now=now).lingering


def test_what_cannot_be_asked_is_taken_for_busy() -> None:
    hold = _waiting().hold(None, drain_timeout=TIMEOUT, now=NOON)
    assert hold.takeover
    assert "its coordinator does not report its queries now" in hold.message


@pytest.mark.parametrize(
    ("activity", "seconds", "lingers"),
    [
        (QUIET, 0, True),
        (QUIET, 4, True),
        (QUIET, 5, False),
        (BUSY, 5, True),
        (BUSY, 119, True),
        (BUSY, 120, False),
        (None, 119, True),
        (None, 120, False),
    ],
)
def test_an_old_generation_lingers_for_those_who_are_still_with_it(
    activity: QueryActivity | None, seconds: int, *, lingers: bool
) -> None:
    handover = _switched()
    assert handover.generation_to_ask == OLD
    hold = handover.hold(activity, drain_timeout=TIMEOUT, now=NOON + seconds * SECOND)
    assert (hold.lingering == OLD) is lingers
    assert not hold.takeover


def test_it_lingers_no_longer_than_it_would_have_waited() -> None:
    assert LAST_PAGE < timedelta(seconds=30) < LONGEST_LINGER
    now = NOON + timedelta(seconds=30)
    assert _switched().hold(BUSY, drain_timeout=timedelta(seconds=30), now=now) == NOTHING_WAITS


def test_an_old_generation_without_a_coordinator_goes_at_once() -> None:
    handover = _switched(old=_old(is_coordinator_ready=False))
    assert handover.lingering == OLD
    assert handover.hold(None, drain_timeout=TIMEOUT, now=NOON) == NOTHING_WAITS


def test_a_generation_that_never_served_does_not_linger() -> None:
    back = Handover(planned(OLD_CLUSTER, _both()), _both(), _record(), OLD)
    assert back.generation_to_ask is None


def test_the_next_generation_waits_until_the_last_one_is_gone() -> None:
    third = cluster(version="0.288")
    seen = joined(_new(), observation(planned(third, NOTHING).apply), _old())
    handover = Handover(planned(third, seen), seen, _record(switched_at="2026-01-01T12:00:00Z"), NEW)
    assert handover.is_takeover
    assert handover.generation_to_ask == OLD
    hold = handover.hold(BUSY, drain_timeout=TIMEOUT, now=NOON + timedelta(seconds=10))
    assert (hold.takeover, hold.lingering) == (True, OLD)


def test_going_back_to_a_generation_that_lingers_waits_for_the_queries_of_the_new_one() -> None:
    seen = joined(_new(), _old())
    handover = Handover(planned(OLD_CLUSTER, seen), seen, _record(switched_at="2026-01-01T12:00:00Z"), NEW)
    assert handover.generation_to_ask == NEW
    assert handover.hold(BUSY, drain_timeout=TIMEOUT, now=NOON).takeover


def _old(**arguments: Any) -> Observation:
    return observation(planned(OLD_CLUSTER, NOTHING).apply, **arguments)


def _new(**arguments: Any) -> Observation:
    return observation(planned(NEW_CLUSTER, NOTHING).apply, **arguments)


def _both() -> Observation:
    return joined(_old(), _new())


def _handover(seen: Observation, record: RolloutStatus | None = None) -> Handover:
    serving = serving_generation(seen, "adhoc", None)
    return Handover(planned(NEW_CLUSTER, seen), seen, record, serving.name if serving is not None else None)


def _waiting(*, old: Observation | None = None, record: RolloutStatus | None = None) -> Handover:
    """The new generation is complete, and clients are with the old one."""
    return _handover(joined(old or _old(), _new()), record)


def _switched(*, old: Observation | None = None) -> Handover:
    """Clients have been led to the new generation at noon."""
    return _handover(joined(_new(), old or _old()), _record(switched_at="2026-01-01T12:00:00Z"))


def _record(**fields: Any) -> RolloutStatus:
    record = RolloutStatus(
        changes=("Generation",),
        from_generation=OLD,
        to_generation=NEW,
        updated_workers=1,
        total_workers=1,
        started_at="2026-01-01T11:50:00Z",
    )
    return record.model_copy(update=fields)


def test_a_finished_roll_out_holds_nothing_up() -> None:
    handover = _switched()
    assert handover.record is not None
    finished = handover.record.model_copy(update={"finished_at": "2026-01-01T12:01:00Z"})
    assert replace(handover, record=finished).generation_to_ask is None

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from presto_operator.api import PrestoCluster, RolloutStatus
from presto_operator.planning.memory import memory_of
from presto_operator.planning.observation import Observation
from presto_operator.presto.queries import QueryActivity
from presto_operator.reporting.rollout_record import RolloutWords, next_record, rollout_events
from tests.unit.generations import generation_name
from tests.unit.live import joined, observation, planned
from tests.unit.manifest import cluster

NOTHING = Observation((), (), None)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

_POOLS = {"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}]}
OLD = cluster(version="0.283", workers=_POOLS)
NEW = cluster(version="0.287", workers=_POOLS)
CHANGED = cluster(version="0.283", workers={**_POOLS, "jvm": {"extraArgs": ["-Da=b"]}})
OLD_NAME = generation_name(OLD)
NEW_NAME = generation_name(NEW)


def test_a_first_creation_is_no_roll_out() -> None:
    assert _after(None, OLD, _seen(OLD), serving=OLD_NAME) is None
    assert _after(None, OLD, observation(planned(OLD, NOTHING).apply, ready_workers=0), serving=OLD_NAME) is None


def test_scaling_is_no_roll_out() -> None:
    more = cluster(version="0.283", workers={**_POOLS, "replicas": 9})
    assert _after(None, more, _seen(OLD), serving=OLD_NAME) is None


def test_a_roll_out_of_workers_is_counted_until_the_last_old_one_is_told_to_go() -> None:
    during = joined(observation(planned(CHANGED, _seen(OLD)).apply), _seen(OLD))
    why = "the workers' jvm.config changed"
    record = _after(None, CHANGED, during, serving=OLD_NAME, because=why, message="on it")
    assert record is not None
    assert (record.changes, record.because, record.old_workers) == (("Workers",), why, 4)
    assert (record.from_generation, record.to_generation) == (OLD_NAME, OLD_NAME)
    assert (record.updated_workers, record.total_workers) == (1, 4)
    assert (record.started_at, record.finished_at, record.message) == ("2026-01-01T12:00:00Z", None, "on it")
    done = _after(record, CHANGED, _seen(CHANGED), serving=OLD_NAME, now=NOON + MINUTE)
    assert done is not None
    assert (done.updated_workers, done.total_workers) == (4, 4)
    assert (done.started_at, done.finished_at) == ("2026-01-01T12:00:00Z", "2026-01-01T12:01:00Z")
    assert done.message == "4 workers replaced in 60 s"
    assert done.switched_at is None
    assert done.queries_interrupted is None
    assert done.because == why, "once the old workers are gone, only the record knows"
    assert _after(done, CHANGED, _seen(CHANGED), serving=OLD_NAME, now=NOON + 2 * MINUTE) == done


def test_the_next_roll_out_is_a_new_record() -> None:
    done = _record(finished_at="2026-01-01T11:00:00Z", switched_at="2026-01-01T10:59:00Z", queries_interrupted=7)
    record = _after(done, NEW, joined(_seen(OLD), _seen(NEW)), serving=OLD_NAME)
    assert record is not None
    assert (record.started_at, record.switched_at, record.queries_interrupted) == ("2026-01-01T12:00:00Z", None, None)


def test_a_new_generation_is_ready_from_when_it_was_complete_first() -> None:
    starting = joined(_seen(OLD), observation(planned(NEW, NOTHING).apply, ready_workers=0))
    first = _after(None, NEW, starting, serving=OLD_NAME)
    assert first is not None
    assert (first.changes, first.from_generation, first.to_generation) == (("Generation",), OLD_NAME, NEW_NAME)
    assert first.ready_at is None
    second = _after(first, NEW, joined(_seen(OLD), _seen(NEW)), serving=OLD_NAME, now=NOON + MINUTE)
    assert second is not None
    assert second.ready_at == "2026-01-01T12:01:00Z"
    # A worker that falters meanwhile does not start the clock anew.
    third = _after(second, NEW, starting, serving=OLD_NAME, now=NOON + 2 * MINUTE)
    assert third is not None
    assert third.ready_at == "2026-01-01T12:01:00Z"


def test_the_switch_is_recorded_with_what_it_cost() -> None:
    both = joined(_seen(NEW), _seen(OLD))
    # q1 ended well before, q2 within the time that its client may have taken for the last page.
    ended = {"q1": NOON - timedelta(seconds=6), "q2": NOON - timedelta(seconds=5)}
    record = _after(_record(), NEW, both, serving=NEW_NAME, activity=QueryActivity(("q3",), ended))
    assert record is not None
    assert (record.switched_at, record.queries_interrupted) == ("2026-01-01T12:00:00Z", 2)
    assert record.finished_at is None
    # A query that came after all, and is over by now, counts; that Presto forgets old ones makes none of them undone.
    later = QueryActivity((), {**ended, "q3": NOON + MINUTE, "q4": NOON + MINUTE})
    record = _after(record, NEW, both, serving=NEW_NAME, activity=later, now=NOON + MINUTE)
    assert record is not None
    assert record.queries_interrupted == 3
    record = _after(record, NEW, both, serving=NEW_NAME, activity=QueryActivity((), {}), now=NOON + MINUTE)
    assert record is not None
    assert record.queries_interrupted == 3
    done = _after(record, NEW, _seen(NEW), serving=NEW_NAME, now=NOON + 2 * MINUTE)
    assert done is not None
    assert (done.finished_at, done.queries_interrupted) == ("2026-01-01T12:02:00Z", 3)
    assert done.message == (f"generation {NEW_NAME} replaced {OLD_NAME} in 12 min; 3 queries may have been interrupted")


def test_queries_of_the_generation_that_serves_cost_nothing() -> None:
    record = _after(_record(), NEW, joined(_seen(OLD), _seen(NEW)), serving=OLD_NAME, activity=None)
    assert record is not None
    assert (record.switched_at, record.queries_interrupted) == (None, None)


def test_a_cost_that_nobody_knows_is_said_to_be_unknown() -> None:
    both = joined(_seen(NEW), _seen(OLD))
    record = _after(_record(), NEW, both, serving=NEW_NAME, activity=None)
    assert record is not None
    assert record.switched_at is not None
    assert record.queries_interrupted is None
    (notice,) = rollout_events(_record(), record, None)
    assert (notice.type, notice.reason) == ("Warning", "GenerationChanged")
    assert notice.message == (
        f"switched clients from generation {OLD_NAME} to {NEW_NAME}; number of interrupted queries unknown (the "
        f"coordinator of {OLD_NAME} did not respond)"
    )


def test_a_change_that_was_taken_back_says_so() -> None:
    record = _after(_record(), OLD, _seen(OLD), serving=OLD_NAME)
    assert record is not None
    assert record.finished_at == "2026-01-01T12:00:00Z"
    assert record.message == f"cancelled: generation {NEW_NAME} was removed before it served"
    assert record.switched_at is None
    (notice,) = rollout_events(_record(), record, None)
    assert (notice.type, notice.reason) == ("Normal", "RolloutCancelled")
    assert notice.message == f"generation {NEW_NAME} was removed before it served"


def test_a_change_of_a_change_is_a_new_roll_out() -> None:
    third = cluster(version="0.288", workers=_POOLS)
    record = _after(_record(ready_at="2026-01-01T11:59:00Z"), third, _seen(OLD), serving=OLD_NAME)
    assert record is not None
    assert (record.from_generation, record.to_generation) == (OLD_NAME, generation_name(third))
    assert (record.started_at, record.ready_at) == ("2026-01-01T12:00:00Z", None)


def test_a_change_while_an_old_generation_lingers_waits_for_its_record() -> None:
    third = cluster(version="0.288", workers=_POOLS)
    lingering = _record(switched_at="2026-01-01T11:59:00Z", queries_interrupted=1)
    record = _after(lingering, third, joined(_seen(NEW), _seen(OLD)), serving=NEW_NAME)
    assert record is not None
    assert (record.to_generation, record.switched_at) == (NEW_NAME, lingering.switched_at)
    afterwards = _after(record, third, _seen(NEW), serving=NEW_NAME)
    assert afterwards is not None
    assert (afterwards.from_generation, afterwards.to_generation) == (NEW_NAME, generation_name(third))


def test_workers_that_change_after_the_switch_belong_to_the_same_roll_out() -> None:
    changed = cluster(version="0.287", workers={**_POOLS, "jvm": {"extraArgs": ["-Da=b"]}})
    switched = _record(switched_at="2026-01-01T11:59:00Z", queries_interrupted=0)
    record = _after(switched, changed, joined(_seen(NEW), _seen(OLD)), serving=NEW_NAME)
    assert record is not None
    assert record.changes == ("Generation", "Workers")
    assert record.finished_at is None


@pytest.mark.parametrize(
    ("cost", "type_", "words"),
    [
        (0, "Normal", "no queries were interrupted"),
        (1, "Warning", "1 query may have been interrupted"),
        (9, "Warning", "9 queries may have been interrupted"),
    ],
)
def test_the_switch_is_news_once_and_so_is_its_end(cost: int, type_: str, words: str) -> None:
    activity = QueryActivity(tuple(f"q{number}" for number in range(cost)), {})
    switched = _record(switched_at="2026-01-01T12:00:00Z", queries_interrupted=cost)
    (notice,) = rollout_events(_record(), switched, activity)
    assert (notice.type, notice.reason) == (type_, "GenerationChanged")
    assert notice.message.startswith(f"switched clients from generation {OLD_NAME} to {NEW_NAME}; {words}")
    assert [name in notice.message for name in activity.unfinished] == [True] * min(cost, 5) + [False] * (cost - 5)
    assert rollout_events(switched, switched, activity) == []
    both = {"finished_at": "2026-01-01T12:01:00Z", "message": f"in words; {words}"}
    finished = switched.model_copy(update=both)
    (notice,) = rollout_events(switched, finished, None)
    assert (notice.type, notice.reason) == (type_, "RolloutFinished")
    assert words in notice.message
    assert rollout_events(finished, finished, None) == []


def test_a_roll_out_of_workers_has_an_event_at_its_beginning_and_one_at_its_end() -> None:
    during = joined(observation(planned(CHANGED, _seen(OLD)).apply), _seen(OLD))
    record = _after(None, CHANGED, during, serving=OLD_NAME, because="the workers' jvm.config changed")
    (notice,) = rollout_events(None, record, None)
    assert (notice.type, notice.reason) == ("Normal", "RolloutStarted")
    assert notice.message == "replacing 4 workers because the workers' jvm.config changed"
    assert rollout_events(record, record, None) == []
    done = _after(record, CHANGED, _seen(CHANGED), serving=OLD_NAME, now=NOON + MINUTE)
    (notice,) = rollout_events(record, done, None)
    assert (notice.type, notice.reason) == ("Normal", "RolloutFinished")
    assert notice.message == "4 workers replaced in 60 s"
    assert rollout_events(done, done, None) == []


def test_a_roll_out_that_leads_to_other_workers_is_another_one() -> None:
    during = joined(observation(planned(CHANGED, _seen(OLD)).apply), _seen(OLD))
    record = _after(None, CHANGED, during, serving=OLD_NAME)
    reverted = _after(record, OLD, during, serving=OLD_NAME, now=NOON + MINUTE)
    assert record is not None
    assert reverted is not None
    assert (reverted.started_at, reverted.old_workers) == ("2026-01-01T12:01:00Z", 1)
    (notice,) = rollout_events(record, reverted, None)
    assert notice.message == "replacing 1 worker"


def test_a_roll_out_that_is_taken_back_before_it_has_replaced_a_worker_is_cancelled() -> None:
    during = joined(observation(planned(CHANGED, _seen(OLD)).apply), _seen(OLD))
    record = _after(None, CHANGED, during, serving=OLD_NAME)
    cancelled = _after(record, OLD, _seen(OLD), serving=OLD_NAME, now=NOON + MINUTE)
    (notice,) = rollout_events(record, cancelled, None)
    assert (notice.type, notice.reason) == ("Normal", "RolloutCancelled")
    assert notice.message == "the spec was changed back, and no worker has to be replaced"


def test_workers_that_still_drain_at_the_end_are_counted() -> None:
    during = joined(observation(planned(CHANGED, _seen(OLD)).apply), _seen(OLD))
    record = _after(None, CHANGED, during, serving=OLD_NAME)
    done = _seen(CHANGED)
    done.pods_of("worker")[0]["metadata"]["deletionTimestamp"] = "2026-01-01T12:30:00Z"
    finished = _after(record, CHANGED, done, serving=OLD_NAME, now=NOON + MINUTE)
    assert finished is not None
    assert finished.message == "4 workers replaced in 60 s; 1 old worker still draining"


def test_a_change_of_generation_that_begins_says_why() -> None:
    starting = joined(_seen(OLD), observation(planned(NEW, NOTHING).apply, ready_workers=0))
    record = _after(None, NEW, starting, serving=OLD_NAME, because="the version changed")
    (notice,) = rollout_events(None, record, None)
    assert (notice.type, notice.reason) == ("Normal", "RolloutStarted")
    assert notice.message == f"generation {NEW_NAME} replaces {OLD_NAME} because the version changed"


def test_a_coordinator_that_does_not_run_has_no_queries_to_interrupt() -> None:
    old = _seen(OLD)
    (coordinator,) = old.pods_of("coordinator")
    coordinator["status"] = {"containerStatuses": [{"name": "presto", "state": {"waiting": {"reason": "CrashLoop"}}}]}
    record = _after(_record(), NEW, joined(_seen(NEW), old), serving=NEW_NAME, activity=None)
    assert record is not None
    assert record.queries_interrupted == 0
    (notice,) = rollout_events(_record(), record, None)
    assert notice.type == "Normal"
    assert notice.message.endswith("no queries were interrupted")


def test_a_cost_that_is_unknown_at_the_switch_is_not_taken_for_none_when_the_old_coordinator_is_gone() -> None:
    both = joined(_seen(NEW), _seen(OLD))
    record = _after(_record(), NEW, both, serving=NEW_NAME, activity=None)
    done = _after(record, NEW, _seen(NEW), serving=NEW_NAME, now=NOON + MINUTE)
    assert done is not None
    assert done.queries_interrupted is None
    (notice,) = rollout_events(record, done, None)
    assert (notice.type, notice.reason) == ("Warning", "RolloutFinished")


def test_a_record_is_read_as_it_was_written() -> None:
    record = _record(switched_at="2026-01-01T12:00:00Z", queries_interrupted=3)
    assert (
        memory_of({"status": {"rollout": record.model_dump(by_alias=True, exclude_none=True, mode="json")}}).rollout
        == record
    )


@pytest.mark.parametrize("status", [{}, {"rollout": {}}, {"rollout": {"unknown": 1}}, {"rollout": "text"}])
def test_a_record_that_cannot_be_read_is_none(status: dict[str, Any]) -> None:
    assert memory_of({"status": status}).rollout is None


def _seen(of: PrestoCluster) -> Observation:
    """The cluster as it is when it has come up."""
    return observation(planned(of, NOTHING).apply)


def _after(
    previous: RolloutStatus | None,
    of: PrestoCluster,
    seen: Observation,
    *,
    serving: str,
    activity: QueryActivity | None = None,
    because: str = "",
    message: str = "",
    now: datetime = NOON,
) -> RolloutStatus | None:
    words = RolloutWords(because, message)
    return next_record(previous, planned(of, seen), seen, serving=serving, activity=activity, words=words, now=now)


def _record(**fields: Any) -> RolloutStatus:
    """A change from the old to the new generation that goes on."""
    record = RolloutStatus(
        changes=("Generation",),
        from_generation=OLD_NAME,
        to_generation=NEW_NAME,
        updated_workers=4,
        total_workers=4,
        started_at="2026-01-01T11:50:00Z",
    )
    return record.model_copy(update=fields)

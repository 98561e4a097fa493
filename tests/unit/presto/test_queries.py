from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from presto_operator.presto.errors import PrestoUnavailableError
from presto_operator.presto.queries import QueryAnswer, query_activity
from tests.unit.presto.answers import json_bytes

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_no_queries_are_no_activity() -> None:
    activity = query_activity(json_bytes([]))
    assert activity.unfinished == ()
    assert activity.since(datetime.min.replace(tzinfo=UTC)) == ()


@pytest.mark.parametrize(
    "state",
    ["WAITING_FOR_RESOURCES", "QUEUED", "DISPATCHING", "PLANNING", "STARTING", "RUNNING", "FINISHING", "SOMETHING_NEW"],
)
def test_every_state_but_the_last_ones_is_unfinished(state: str) -> None:
    assert query_activity(json_bytes([_query("q1", state)])).unfinished == ("q1",)


@pytest.mark.parametrize("state", ["FINISHED", "FAILED"])
def test_a_query_that_has_ended_is_told_by_when(state: str) -> None:
    activity = query_activity(json_bytes([_query("q1", state, "2026-01-01T12:00:00.000Z"), _query("q0", "RUNNING")]))
    assert activity.unfinished == ("q0",)
    assert activity.since(NOON) == ("q0", "q1")
    assert activity.since(NOON + timedelta(milliseconds=1)) == ("q0",)


@pytest.mark.parametrize("end", [None, "", "yesterday", 1767268800, "2026-01-01T12:00:00"])
def test_a_query_without_a_time_of_its_end_has_hardly_ended(end: object) -> None:
    assert query_activity(json_bytes([_query("q1", "FINISHED", end)])).unfinished == ("q1",)
    assert query_activity(json_bytes([{"queryId": "q1", "state": "FINISHED"}])).unfinished == ("q1",)


@pytest.mark.parametrize("answer", [None, {}, "[]", [None], ["q1"], [{"state": "RUNNING"}], [{"queryId": "q1"}]])
def test_nonsense_is_an_error(answer: object) -> None:
    with pytest.raises(PrestoUnavailableError, match="/v1/query"):
        query_activity(json_bytes(answer))


def _query(query_id: str, state: str, end: object = None) -> dict[str, Any]:
    return {"queryId": query_id, "state": state, "queryStats": {"endTime": end, "createTime": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize(("milliseconds", "is_current"), [(-1, False), (0, True), (999, True), (1000, False)])
def test_an_answer_is_of_this_moment_for_a_second(milliseconds: int, *, is_current: bool) -> None:
    answer = QueryAnswer(None, NOON)
    assert answer.is_current(NOON + timedelta(milliseconds=milliseconds)) is is_current

"""Whatever a server answers, reading it ends with a value or with PrestoUnavailableError."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.presto.cluster import CLUSTER_QUESTION
from presto_operator.presto.cpu import CPU_QUESTION
from presto_operator.presto.errors import PrestoUnavailableError
from presto_operator.presto.load import QUERY_STATES_QUESTION, group_question, query_load, queued_roots
from presto_operator.presto.queries import QUERIES_QUESTION
from presto_operator.presto.question import Question
from presto_operator.presto.tasks import TASKS_QUESTION

QUESTIONS: list[Question[Any]] = [
    CLUSTER_QUESTION,
    CPU_QUESTION,
    QUERY_STATES_QUESTION,
    group_question("etl"),
    QUERIES_QUESTION,
    TASKS_QUESTION,
]
every_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.path)

GOOD: dict[str, Any] = {
    CLUSTER_QUESTION.path: {"activeWorkers": 1},
    CPU_QUESTION.path: {"processCpuLoad": 0.5},
    QUERY_STATES_QUESTION.path: [
        {"queryState": "QUEUED", "resourceGroupId": ["etl", "ann"], "progress": {"blocked": False}}
    ],
    group_question("etl").path: {
        "id": ["etl"],
        "numRunningQueries": 1,
        "hardConcurrencyLimit": 1,
        "subGroups": [{"id": ["etl", "a"], "numRunningQueries": 0, "hardConcurrencyLimit": 1}],
    },
    QUERIES_QUESTION.path: [
        {"queryId": "q1", "state": "FINISHED", "queryStats": {"endTime": "2026-01-01T12:00:00.000Z"}}
    ],
    TASKS_QUESTION.path: [{"taskStatus": {"state": "RUNNING"}}],
}

ODD_VALUES = [
    "9" * 5000,
    "-" + "9" * 400,
    "1e400",
    "-1e400",
    "1e-400",
    "NaN",
    "Infinity",
    "-Infinity",
    "-0",
    "0.5",
    "true",
    "null",
    "{}",
    "[]",
    "[[]]",
    '""',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"0001-01-01T00:00:00+14:00"',
    '"9999-12-31T23:59:59-14:00"',
    '"2026-02-30T00:00:00Z"',
    '"' + "x" * 100_000 + '"',
    "[" * 5000,
    "[" * 5000 + "]" * 5000,
    '{"a":' * 5000,
    '{"subGroups":[' * 5000,
]
RAW = [
    b"",
    b" ",
    b"null",
    b"\xef\xbb\xbf[]",
    b'"\xff"',
    b'["\xed\xa0\x80"]',
    b"\x00",
    b"<html>",
    b"[" * 1_000_000,
    b'{"id":["a"],"numRunningQueries":1,"hardConcurrencyLimit":1,"subGroups":[' * 12_000,
    b"[" + b"{}," * 100_000 + b"{}]",
    b'[{"x":' + b"[" * 1_000_000,
]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**30, max_value=10**40)
    | st.floats()
    | st.text()
    | st.sampled_from(["QUEUED", "RUNNING", "FINISHED", "2026-01-01T12:00:00Z", "id", "activeWorkers"]),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=10), children, max_size=4),
    max_leaves=12,
)


@every_question
@pytest.mark.parametrize("answer", RAW, ids=lambda answer: f"{answer[:12]!r}({len(answer)})")
def test_what_is_no_answer_can_not_be_read(question: Question[Any], answer: bytes) -> None:
    with pytest.raises(PrestoUnavailableError) as raised:
        question.read(answer)
    assert len(str(raised.value)) < 400
    assert str(raised.value).isprintable()


@every_question
@pytest.mark.parametrize("value", ODD_VALUES, ids=lambda value: f"{value[:12]}({len(value)})")
def test_an_odd_value_at_any_place_is_read_or_refused(question: Question[Any], value: str) -> None:
    for answer in _with_value(GOOD[question.path], value):
        _read(question, answer.encode())


@every_question
@given(data=st.data())
def test_any_json_at_any_place_is_read_or_refused(question: Question[Any], data: st.DataObject) -> None:
    value = json.dumps(data.draw(json_values))
    answers = [value, *_with_value(GOOD[question.path], value)]
    _read(question, data.draw(st.sampled_from(answers)).encode())


@every_question
@given(noise=st.binary(max_size=200), at=st.integers(min_value=0, max_value=100))
def test_noise_in_an_answer_is_read_or_refused(question: Question[Any], noise: bytes, at: int) -> None:
    good = json.dumps(GOOD[question.path]).encode()
    _read(question, good[:at] + noise + good[at:])


def test_too_many_queries_are_refused() -> None:
    states = b"[" + b",".join([b'{"queryState":"QUEUED"}'] * 20_001) + b"]"
    queries = b"[" + b",".join([b'{"queryId":"q","state":"RUNNING"}'] * 20_001) + b"]"
    for question, answer in ((QUERY_STATES_QUESTION, states), (QUERIES_QUESTION, queries)):
        with pytest.raises(PrestoUnavailableError, match="20001 queries, more than 20000"):
            question.read(answer)


def _read(question: Question[Any], answer: bytes) -> None:
    try:
        value = question.read(answer)
    except PrestoUnavailableError:
        return
    if question is QUERY_STATES_QUESTION:
        query_load(value, frozenset())
        for root in queued_roots(value):
            group_question(root)


def _with_value(good: Any, value: str) -> list[str]:
    """The answer in JSON, with this value at each of its places in turn."""
    marker = "<here>"
    return [json.dumps(changed).replace(json.dumps(marker), value) for changed in _replaced(good, marker)]


def _replaced(good: Any, marker: str) -> list[Any]:
    found: list[Any] = [marker]
    if isinstance(good, dict):
        for name, inner in good.items():
            found += [{**good, name: changed} for changed in _replaced(inner, marker)]
    if isinstance(good, list):
        for index, inner in enumerate(good):
            found += [[*good[:index], changed, *good[index + 1 :]] for changed in _replaced(inner, marker)]
    return found

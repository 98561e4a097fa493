from __future__ import annotations

import threading

import prestodb
import pytest
import requests

from tests.kit.load import failure_of, running
from tests.kit.questions import Question

_RIGHT = Question("letters", "SELECT letter, number FROM letters", [("a", 1), ("b", 2)])


def test_a_right_answer_is_no_failure() -> None:
    assert failure_of(lambda: [("a", 1), ("b", 2)], _RIGHT) is None
    assert failure_of(lambda: (("b", 2), ("a", 1)), _RIGHT) is None


def test_a_wrong_answer_is_quoted_as_far_as_it_fits() -> None:
    assert failure_of(lambda: [("a", 2)], _RIGHT) == "WRONG_ANSWER [('a', 2)]"
    failure = failure_of(lambda: [("a", number) for number in range(1000)], _RIGHT)
    assert failure is not None
    assert len(failure) < 250


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (prestodb.exceptions.PrestoQueryError({"errorName": "REMOTE_TASK_ERROR"}), "REMOTE_TASK_ERROR"),
        (prestodb.exceptions.Http503Error("no"), "Http503Error"),
        (requests.ConnectionError("no"), "ConnectionError"),
    ],
)
def test_an_error_is_a_failure_by_its_name(error: Exception, failure: str) -> None:
    def query() -> list[tuple[object, ...]]:
        raise error

    assert failure_of(query, _RIGHT) == failure


def test_clients_run_until_the_block_ends_and_finish_what_they_are_at() -> None:
    over = threading.Event()
    begun = threading.Barrier(3)
    finished: list[str] = []

    def client(name: str) -> None:
        begun.wait(timeout=10)
        over.wait(timeout=10)
        finished.append(name)

    with running({"a": lambda: client("a"), "b": lambda: client("b")}, over):
        begun.wait(timeout=10)
        assert finished == []
    assert sorted(finished) == ["a", "b"]

from __future__ import annotations

import pytest

from presto_operator.presto.errors import PrestoUnavailableError
from presto_operator.presto.tasks import running_tasks
from tests.unit.presto.answers import json_bytes


def test_tasks_that_have_come_to_an_end_do_not_count() -> None:
    states = ["RUNNING", "PLANNED", "FINISHED", "CANCELED", "ABORTED", "FAILED", "a new one"]
    assert running_tasks(json_bytes([{"taskId": "q.0.0", "taskStatus": {"state": state}} for state in states])) == 3
    assert running_tasks(json_bytes([])) == 0


@pytest.mark.parametrize("answer", [None, {}, "no", [1], [{}], [{"taskStatus": None}], [{"taskStatus": {}}]])
def test_anything_else_is_no_answer(answer: object) -> None:
    with pytest.raises(PrestoUnavailableError, match="/v1/task"):
        running_tasks(json_bytes(answer))

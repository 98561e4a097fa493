"""How many tasks a worker runs. Pure; `polling.presto_tasks` asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from presto_operator.presto.errors import PrestoUnavailableError

TASKS_PATH = "/v1/task?summarize=true"
"""Tasks without the statistics of their pipelines."""

_FINAL_STATES = ("FINISHED", "CANCELED", "ABORTED", "FAILED")


def running_tasks(answer: Any) -> int:
    """The number of unfinished tasks in a worker's answer.

    Raises:
        PrestoUnavailableError: it isn't a list of tasks.
    """
    if not isinstance(answer, list):
        raise PrestoUnavailableError(f"{TASKS_PATH} answered no JSON list")
    return sum(1 for item in answer if _state(item) not in _FINAL_STATES)


def _state(item: Any) -> str:
    status = item.get("taskStatus") if isinstance(item, Mapping) else None
    if not isinstance(status, Mapping) or "state" not in status:
        raise PrestoUnavailableError(f"{TASKS_PATH} answered a task without taskStatus.state")
    return str(status["state"])

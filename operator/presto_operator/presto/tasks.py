"""How many tasks a worker runs. Pure; `polling.presto_tasks` asks for it."""

from __future__ import annotations

import msgspec

from presto_operator.presto.question import Question, decoded

TASKS_PATH = "/v1/task?summarize=true"
"""Tasks without the statistics of their pipelines."""

_MOST_BYTES = 8 * 1024 * 1024
"""A task takes 2 to 4 kB, and a worker keeps ended ones for 15 minutes: room for 2,000 of them."""
_FINAL_STATES = ("FINISHED", "CANCELED", "ABORTED", "FAILED")


class _TaskStatus(msgspec.Struct, gc=False):
    state: str


class _Task(msgspec.Struct, gc=False):
    taskStatus: _TaskStatus  # noqa: N815 - Presto's name


_TASKS = msgspec.json.Decoder(list[_Task])


def running_tasks(answer: bytes) -> int:
    """The number of unfinished tasks in a worker's answer.

    Raises:
        PrestoUnavailableError: it isn't a list of tasks.
    """
    tasks = decoded(_TASKS, answer, TASKS_PATH)
    return sum(1 for task in tasks if task.taskStatus.state not in _FINAL_STATES)


TASKS_QUESTION = Question(TASKS_PATH, running_tasks, _MOST_BYTES)

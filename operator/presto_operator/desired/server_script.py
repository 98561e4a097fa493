"""The script that starts a Presto server, and that its pod's startup probe and preStop hook run."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from presto_operator.api import SERVER_SCRIPT
from presto_operator.desired.script import script
from presto_operator.presto import (
    CONFIG_DIRECTORY,
    DATA_DIRECTORY,
    DrainRecord,
    DrainState,
    RemainingTasks,
    drain_record_text,
)

TERMINATION_LOG = "/dev/termination-log"
"""Kubernetes' default path of a container's termination message."""

_DRAIN_RECORDS = {
    "draining": DrainRecord(DrainState.DRAINING),
    "refused": DrainRecord(DrainState.REFUSED, status="$_status", tasks="$_tasks"),
    "deaf": DrainRecord(DrainState.DEAF),
    "unanswered": DrainRecord(DrainState.UNANSWERED),
}
"""What the script records. `$_status` and `$_tasks` are variables of the script."""


@dataclass(frozen=True)
class ServerSettings:
    """The script's environment and its waits. The defaults are those of every pod."""

    etc: str = CONFIG_DIRECTORY
    data: str = DATA_DIRECTORY
    termination_log: str = TERMINATION_LOG
    server_process: int = 1
    answer_seconds: float = 5
    """How long the server may take to answer a request."""
    pause_seconds: float = 1
    """How long the hook pauses between two requests."""


def server_script(settings: ServerSettings) -> str:
    """The text of the script."""
    return script(
        SERVER_SCRIPT,
        etc=shlex.quote(settings.etc),
        data=shlex.quote(settings.data),
        termination_log=shlex.quote(settings.termination_log),
        server_process=settings.server_process,
        answer_seconds=settings.answer_seconds,
        pause_seconds=settings.pause_seconds,
        tasks_running=RemainingTasks.RUNNING,
        tasks_none=RemainingTasks.NONE,
        tasks_unknown=RemainingTasks.UNKNOWN,
        **{name: drain_record_text(record) for name, record in _DRAIN_RECORDS.items()},
    )


SERVER_SCRIPT_TEXT = server_script(ServerSettings())
"""The text of the script, the same in every pod."""

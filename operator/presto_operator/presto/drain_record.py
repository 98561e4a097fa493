"""How far the drain of a worker is: the record that its preStop hook keeps as the container's termination message.

The kubelet shows it in the pod's status once the container has ended. Both the hook's script and what reads the record
get its words from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class DrainState(StrEnum):
    """The last that the hook knew of the server."""

    DRAINING = "draining"
    """It accepted the request, and finishes its tasks."""
    REFUSED = "refused"
    """It answered the request with an error, and goes on accepting tasks."""
    DEAF = "deaf"
    """It no longer listened."""
    UNANSWERED = "unanswered"
    """It took the connection and did not answer."""


class RemainingTasks(StrEnum):
    """Whether a server that refuses to drain has tasks to finish."""

    RUNNING = "running"
    NONE = "none"
    UNKNOWN = "unknown"
    """It doesn't tell that either."""


@dataclass(frozen=True)
class DrainRecord:
    """One record."""

    state: str
    """A `DrainState`, or the word of another release of the operator."""
    status: str = ""
    """The HTTP status of a refusal."""
    tasks: str = ""
    """A `RemainingTasks`, of a server that refuses."""


_START, _STATUS, _TASKS = "drain: state=", " status=", " tasks="
_RECORD = re.compile(rf"^{_START}(?P<state>\w+)(?:{_STATUS}(?P<status>\d+))?(?:{_TASKS}(?P<tasks>\w+))?$", re.MULTILINE)


def drain_record_text(record: DrainRecord) -> str:
    """The record as the hook writes it."""
    status = f"{_STATUS}{record.status}" if record.status else ""
    tasks = f"{_TASKS}{record.tasks}" if record.tasks else ""
    return f"{_START}{record.state}{status}{tasks}"


def parse_drain_record(message: str) -> DrainRecord | None:
    """The record in a container's termination message; None if there is none."""
    found = _RECORD.search(message)
    return DrainRecord(**found.groupdict(default="")) if found else None

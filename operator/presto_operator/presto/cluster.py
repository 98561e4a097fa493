"""What a coordinator reports about its cluster. Pure: `polling.presto_load` asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from presto_operator.presto.errors import PrestoUnavailableError

CLUSTER_PATH = "/v1/cluster"
"""Its counts of queries aren't used: they leave some states out, and are of another moment than the states."""

_MOST_WORKERS = 2**31 - 1
"""The most that the field in status can hold."""


def active_workers(answer: Any) -> int:
    """The workers that a coordinator counts as active, out of its answer.

    Raises:
        PrestoUnavailableError: the answer lacks the number.
    """
    if not isinstance(answer, Mapping):
        raise PrestoUnavailableError(f"{CLUSTER_PATH} answered no JSON object")
    count = answer.get("activeWorkers")
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MOST_WORKERS:
        raise PrestoUnavailableError(f"{CLUSTER_PATH} answered without a usable activeWorkers")
    return count

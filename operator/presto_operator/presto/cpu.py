"""What a server reports about its CPU use. Pure; `polling.presto_load` asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from presto_operator.presto.errors import PrestoUnavailableError

SERVER_STATUS_PATH = "/v1/status"


def cpu_percent(answer: Any) -> float:
    """How much of all processors the server's JVM uses, in percent, out of the server's answer.

    Raises:
        PrestoUnavailableError: the answer lacks it, or the JVM doesn't know it yet and reports -1.
    """
    load = answer.get("processCpuLoad") if isinstance(answer, Mapping) else None
    if isinstance(load, bool) or not isinstance(load, int | float) or not 0 <= load <= 1:
        raise PrestoUnavailableError(f"{SERVER_STATUS_PATH} answered without a usable processCpuLoad: {load!r}")
    return 100.0 * load

"""What a server says of its CPU use. Pure: `presto_operator.polling.presto_client` asks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from presto_operator.presto.errors import PrestoUnavailableError

SERVER_STATUS_PATH = "/v1/status"


def cpu_percent(answer: Any) -> float:
    """The use of all processors by the server's JVM in a server's answer: 0 to 100.

    Raises:
        PrestoUnavailableError: it lacks it, or the JVM doesn't know it yet (it then says -1).
    """
    load = answer.get("processCpuLoad") if isinstance(answer, Mapping) else None
    if isinstance(load, bool) or not isinstance(load, int | float) or not 0 <= load <= 1:
        raise PrestoUnavailableError(f"{SERVER_STATUS_PATH} answered without a usable processCpuLoad: {load!r}")
    return 100.0 * load

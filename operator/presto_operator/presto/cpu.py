"""What a server reports about its CPU use. Pure; `polling.presto_load` asks for it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from presto_operator.presto.question import Question, decoded

SERVER_STATUS_PATH = "/v1/status"

_MOST_BYTES = 64 * 1024
"""0.287 answers 2 to 3 kB: a dozen numbers, and the memory of each pool."""


class _Status(msgspec.Struct, gc=False):
    processCpuLoad: Annotated[float, msgspec.Meta(ge=0, le=1)]  # noqa: N815 - Presto's name


_STATUS = msgspec.json.Decoder(_Status)


def cpu_percent(answer: bytes) -> float:
    """How much of all processors the server's JVM uses, in percent, out of the server's answer.

    Raises:
        PrestoUnavailableError: the answer lacks it, or the JVM doesn't know it yet and reports -1.
    """
    return 100.0 * decoded(_STATUS, answer, SERVER_STATUS_PATH).processCpuLoad


CPU_QUESTION = Question(SERVER_STATUS_PATH, cpu_percent, _MOST_BYTES)

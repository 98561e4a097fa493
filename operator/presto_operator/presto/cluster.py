"""What a coordinator reports about its cluster. Pure: `polling.presto_load` asks for it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from presto_operator.presto.question import Question, decoded

CLUSTER_PATH = "/v1/cluster"
"""Its counts of queries aren't used: they leave some states out, and are of another moment than the states."""

_MOST_BYTES = 64 * 1024
"""0.287 answers 300 bytes: eleven numbers, whatever the load."""
_MOST_WORKERS = 2**31 - 1
"""The most that the field in status can hold."""


class _Cluster(msgspec.Struct, gc=False):
    activeWorkers: Annotated[int, msgspec.Meta(ge=0, le=_MOST_WORKERS)]  # noqa: N815 - Presto's name


_CLUSTER = msgspec.json.Decoder(_Cluster)


def active_workers(answer: bytes) -> int:
    """The workers that a coordinator counts as active, out of its answer.

    Raises:
        PrestoUnavailableError: the answer lacks the number.
    """
    return decoded(_CLUSTER, answer, CLUSTER_PATH).activeWorkers


CLUSTER_QUESTION = Question(CLUSTER_PATH, active_workers, _MOST_BYTES)

"""Which queries a coordinator has. Pure; `polling.presto_queries` asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from presto_operator.presto.errors import PrestoAnswerTooLargeError
from presto_operator.presto.question import Question, decoded

QUERIES_PATH = "/v1/query"

ANSWER_COUNTS = timedelta(seconds=1)
"""How long an answer counts as one of this moment. The pass that acts on it begins milliseconds after it has come; a
busy operator may take longer."""

_MOST_BYTES = 4 * 1024 * 1024
"""Without its text, a query takes 2 to 3 kB. Presto keeps 100 that have ended: room for 1,400."""
_MOST_BYTES_WITH_TEXTS = 64 * 1024 * 1024
"""By default a text may have a million characters; most have a few hundred. A hundred of half a million fit in."""
_MOST_QUERIES = 20_000

_FINAL_STATES = ("FINISHED", "FAILED")
"""In all other states a client waits: in WAITING_FOR_RESOURCES, QUEUED and FINISHING, too."""


@dataclass(frozen=True)
class QueryActivity:
    """The queries of a coordinator for which clients may still be waiting."""

    unfinished: tuple[str, ...]
    """Ids of the unfinished queries."""
    ended_at: Mapping[str, datetime]
    """When the others ended, by id, as far back as Presto keeps them (by default 100 queries)."""

    @property
    def count(self) -> int:
        """How many queries the coordinator knows."""
        return len(self.unfinished) + len(self.ended_at)

    def since(self, moment: datetime) -> tuple[str, ...]:
        """Ids of the queries that are unfinished, or ended at `moment` or later."""
        ended = [query for query, ended_at in self.ended_at.items() if ended_at >= moment]
        return tuple(sorted((*self.unfinished, *ended)))


@dataclass(frozen=True)
class QueryAnswer:
    """What a coordinator said of its queries, and when."""

    activity: QueryActivity | None
    """None if it gave no answer."""
    at: datetime
    """When the answer came."""

    def is_current(self, now: datetime) -> bool:
        """Whether it is recent enough to take something away: queries that began since then are not in it."""
        return timedelta(0) <= now - self.at < ANSWER_COUNTS


class _Stats(msgspec.Struct, gc=False):
    endTime: str | int | float | bool | None = None  # noqa: N815 - Presto's name


class _Query(msgspec.Struct, gc=False):
    queryId: str  # noqa: N815 - Presto's name
    state: str
    queryStats: _Stats | None = None  # noqa: N815 - Presto's name


_QUERIES = msgspec.json.Decoder(list[_Query])


def query_activity(answer: bytes) -> QueryActivity:
    """The queries in a coordinator's answer.

    Raises:
        PrestoAnswerTooLargeError: it has too many queries.
        PrestoUnavailableError: it isn't a list of queries.
    """
    queries = decoded(_QUERIES, answer, QUERIES_PATH)
    if len(queries) > _MOST_QUERIES:
        message = f"{QUERIES_PATH} answered {len(queries)} queries, more than {_MOST_QUERIES}"
        raise PrestoAnswerTooLargeError(message)
    unfinished = []
    ended_at = {}
    for query in queries:
        end = _end_time(query) if query.state in _FINAL_STATES else None
        if end is None:
            # Presto sets the end time a moment after the state.
            unfinished.append(query.queryId)
        else:
            ended_at[query.queryId] = end
    return QueryActivity(tuple(sorted(unfinished)), ended_at)


def _end_time(query: _Query) -> datetime | None:
    text = query.queryStats.endTime if query.queryStats is not None else None
    try:
        end = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return end if end is not None and end.tzinfo is not None else None


QUERIES_QUESTION = Question(QUERIES_PATH, query_activity, _MOST_BYTES, _MOST_BYTES_WITH_TEXTS)

"""Which queries a coordinator has. Pure; `polling.presto_queries` asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from presto_operator.presto.errors import PrestoUnavailableError

QUERIES_PATH = "/v1/query"

_FINAL_STATES = ("FINISHED", "FAILED")
"""In all other states a client waits: in WAITING_FOR_RESOURCES, QUEUED and FINISHING, too."""


@dataclass(frozen=True)
class QueryActivity:
    """The queries of a coordinator for which clients may still be waiting."""

    unfinished: tuple[str, ...]
    """Ids of the unfinished queries."""
    ended_at: Mapping[str, datetime]
    """When the others ended, by id, as far back as Presto keeps them (by default 100 queries)."""

    def since(self, moment: datetime) -> tuple[str, ...]:
        """Ids of the queries that are unfinished, or ended at `moment` or later."""
        ended = [query for query, ended_at in self.ended_at.items() if ended_at >= moment]
        return tuple(sorted((*self.unfinished, *ended)))


def query_activity(answer: Any) -> QueryActivity:
    """The queries in a coordinator's answer.

    Raises:
        PrestoUnavailableError: it isn't a list of queries.
    """
    if not isinstance(answer, list):
        raise PrestoUnavailableError(f"{QUERIES_PATH} answered no JSON list")
    unfinished = []
    ended_at = {}
    for item in answer:
        query, state = _identity(item)
        end = _end_time(item) if state in _FINAL_STATES else None
        if end is None:
            # Presto sets the end time a moment after the state.
            unfinished.append(query)
        else:
            ended_at[query] = end
    return QueryActivity(tuple(sorted(unfinished)), ended_at)


def _identity(item: Any) -> tuple[str, str]:
    try:
        return str(item["queryId"]), str(item["state"])
    except (KeyError, TypeError):
        raise PrestoUnavailableError(f"{QUERIES_PATH} answered a query without queryId and state") from None


def _end_time(item: Mapping[str, Any]) -> datetime | None:
    try:
        end = datetime.fromisoformat(item["queryStats"]["endTime"])
    except (KeyError, TypeError, ValueError):
        return None
    return end if end.tzinfo is not None else None

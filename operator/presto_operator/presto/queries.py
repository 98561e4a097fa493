"""Which queries a coordinator has. Pure: `presto_operator.polling.presto_client` asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from presto_operator.presto.errors import PrestoUnavailableError

QUERIES_PATH = "/v1/query"

_FINAL_STATES = ("FINISHED", "FAILED")
"""Every other state is one in which a client waits: WAITING_FOR_RESOURCES, QUEUED and FINISHING among them."""


@dataclass(frozen=True)
class QueryActivity:
    """The queries of a coordinator that somebody may still be waiting for."""

    unfinished: tuple[str, ...]
    """Ids of the queries that have not come to an end."""
    ended_at: Mapping[str, datetime]
    """When the others came to an end, by id, as far back as Presto keeps them (100 queries unless told)."""

    def since(self, moment: datetime) -> tuple[str, ...]:
        """Queries that are unfinished, or came to an end at `moment` or later."""
        ended = [query for query, ended_at in self.ended_at.items() if ended_at >= moment]
        return tuple(sorted((*self.unfinished, *ended)))


def query_activity(answer: Any) -> QueryActivity:
    """The queries in a coordinator's answer.

    Raises:
        PrestoUnavailableError: it is no list of queries.
    """
    if not isinstance(answer, list):
        raise PrestoUnavailableError(f"{QUERIES_PATH} answered no JSON list")
    unfinished = []
    ended_at = {}
    for item in answer:
        query, state = _identity(item)
        end = _end_time(item) if state in _FINAL_STATES else None
        if end is None:
            # What has no time of its end has hardly ended yet.
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

"""What a coordinator reports about unfinished queries. Pure; `polling.presto_load` asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

import msgspec

from presto_operator.presto.errors import PrestoAnswerTooLargeError
from presto_operator.presto.question import Question, decoded

QUERY_STATES_PATH = "/v1/queryState?queryTextSizeLimit=1&excludeResourceGroupPathInfo=true"
"""The unfinished queries without their texts. On a busy cluster, `/v1/query` lists hundreds of finished ones, too."""

ResourceGroup = tuple[str, ...]
"""The path of a resource group: its names from the root group down."""

_MOST_STATES_BYTES = 4 * 1024 * 1024
"""0.287 answers 0.9 kB a query: room for 4,500 unfinished ones."""
_MOST_GROUP_BYTES = 1024 * 1024
"""0.287 answers 0.7 kB a group: room for 1,500 groups below one root, such as one a user."""
_MOST_QUERIES = 20_000
_MOST_NAME_CHARACTERS = 1024
_MOST_DEPTH = 32
"""How deep resource groups are nested at most; hardly anybody has more than four levels."""

_QUEUED = "QUEUED"
_RUNNING = "RUNNING"


@dataclass(frozen=True)
class UnfinishedQuery:
    """What the number of workers depends on of a query that a client waits for."""

    state: str
    """As Presto names it."""
    is_blocked: bool
    """Whether all of its drivers are blocked."""
    group: ResourceGroup
    """Empty until one is assigned."""


@dataclass(frozen=True, kw_only=True)
class QueryLoad:
    """The unfinished queries, each counted once."""

    running: int
    """Running queries that aren't blocked."""
    blocked: int
    queued: int
    """Queries that a resource group queues for another limit than that of concurrency, or only for a moment."""
    waiting: int
    """Queries in any other state: WAITING_FOR_RESOURCES, PLANNING, DISPATCHING and such."""
    held_back: int
    """Queries that are queued for the concurrency limit of their resource group or one above it: more workers don't
    help them."""


@dataclass(frozen=True, kw_only=True)
class ClusterLoad(QueryLoad):
    """A cluster's queries and the use of its workers, at one moment: from the poll to the decision and to status."""

    at: datetime
    """When Presto was asked."""
    active_workers: int
    """Workers that the coordinator counts."""
    worker_cpu_percent: float | None = None
    """Mean use of all processors of the workers that reported it; None if none did, or if they weren't asked."""
    workers_with_cpu: int = 0
    """Number of workers that reported their CPU use."""

    @property
    def demand(self) -> int:
        """Queries that workers are needed for."""
        return self.running + self.blocked + self.queued + self.waiting

    @property
    def is_idle(self) -> bool:
        """Whether there is no unfinished query."""
        return self.demand + self.held_back == 0


_Name = Annotated[str, msgspec.Meta(max_length=_MOST_NAME_CHARACTERS)]


class _Progress(msgspec.Struct, gc=False):
    blocked: bool | None = None


class _State(msgspec.Struct, gc=False):
    queryState: str  # noqa: N815 - Presto's name
    progress: _Progress | None = None
    resourceGroupId: Annotated[list[_Name], msgspec.Meta(max_length=_MOST_DEPTH)] | None = None  # noqa: N815


class _Group(msgspec.Struct):
    id: Annotated[list[_Name], msgspec.Meta(max_length=_MOST_DEPTH)]
    numRunningQueries: int  # noqa: N815 - Presto's name
    hardConcurrencyLimit: int  # noqa: N815 - Presto's name
    subGroups: list[_Group] | None = None  # noqa: N815 - Presto's name


_STATES = msgspec.json.Decoder(list[_State])
_GROUP = msgspec.json.Decoder(_Group)


def unfinished_queries(answer: bytes) -> tuple[UnfinishedQuery, ...]:
    """The queries in a coordinator's answer.

    Raises:
        PrestoAnswerTooLargeError: it has too many queries.
        PrestoUnavailableError: it isn't a list of queries.
    """
    states = decoded(_STATES, answer, QUERY_STATES_PATH)
    if len(states) > _MOST_QUERIES:
        raise PrestoAnswerTooLargeError(
            f"{QUERY_STATES_PATH} answered {len(states)} queries, more than {_MOST_QUERIES}"
        )
    return tuple(
        UnfinishedQuery(
            state.queryState,
            state.progress is not None and bool(state.progress.blocked),
            tuple(state.resourceGroupId or ()),
        )
        for state in states
    )


QUERY_STATES_QUESTION = Question(QUERY_STATES_PATH, unfinished_queries, _MOST_STATES_BYTES)


def queued_roots(queries: Iterable[UnfinishedQuery]) -> tuple[str, ...]:
    """The root groups in which queries are queued. Their state tells why."""
    return tuple(sorted({query.group[0] for query in queries if query.state == _QUEUED and query.group}))


def resource_group_path(root: str) -> str:
    """Where a coordinator reports the state of a root group and of all groups in it."""
    return f"/v1/resourceGroupState/{quote(root, safe='')}?includeQueryInfo=false&summarizeSubgroups=false"


def full_groups(answer: bytes) -> frozenset[ResourceGroup]:
    """The groups in a coordinator's answer that have reached their concurrency limit.

    Raises:
        PrestoUnavailableError: it isn't a resource group.
    """
    groups = [decoded(_GROUP, answer, "/v1/resourceGroupState")]
    full = []
    while groups:
        group = groups.pop()
        # Queries of subgroups are included. With a limit of 0 nothing runs, however many workers there are.
        if group.numRunningQueries >= group.hardConcurrencyLimit:
            full.append(tuple(group.id))
        groups += group.subGroups or ()
    return frozenset(full)


def group_question(root: str) -> Question[frozenset[ResourceGroup]]:
    """Which groups at and below a root group are full."""
    return Question(resource_group_path(root), full_groups, _MOST_GROUP_BYTES)


def query_load(queries: Iterable[UnfinishedQuery], full: Collection[ResourceGroup]) -> QueryLoad:
    """The number of queries by what they wait for.

    Args:
        queries: the unfinished queries.
        full: the groups that have reached their concurrency limit.
    """
    counts = {"running": 0, "blocked": 0, "queued": 0, "waiting": 0, "held_back": 0}
    for query in queries:
        counts[_kind(query, full)] += 1
    return QueryLoad(**counts)


def _kind(query: UnfinishedQuery, full: Collection[ResourceGroup]) -> str:
    if query.state == _RUNNING:
        return "blocked" if query.is_blocked else "running"
    if query.state != _QUEUED:
        return "waiting"
    is_held_back = any(query.group[:depth] in full for depth in range(1, len(query.group) + 1))
    return "held_back" if is_held_back else "queued"

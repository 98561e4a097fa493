"""What a coordinator reports about unfinished queries. Pure; `polling.presto_load` asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

import msgspec

from presto_operator.presto.errors import PrestoAnswerTooLargeError
from presto_operator.presto.question import Question, decoded
from presto_operator.presto.units import data_size_bytes

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
_WITHOUT_WORKERS = frozenset({"WAITING_FOR_PREREQUISITES", "FINISHING", "FINISHED", "FAILED"})
"""States in which a query doesn't need workers: it waits for something outside of the cluster, or its tasks are done
(QueryState)."""

_CAN_RUN = "CAN_RUN"
_AT_MEMORY_LIMIT = 0.99
"""A group is at its memory limit from this share of it: the answer has both sizes rounded to two decimals."""


@dataclass(frozen=True)
class FullGroup:
    """A resource group that starts no more queries for now."""

    group: ResourceGroup
    is_by_memory: bool = False
    """Whether that is for its memory limit. Otherwise it is for its concurrency limit or its CPU quota."""


@dataclass(frozen=True)
class UnfinishedQuery:
    """What the number of workers depends on of a query that a client waits for."""

    state: str
    """As Presto names it."""
    is_blocked: bool
    """Whether all of its drivers are blocked."""
    group: ResourceGroup
    """Empty until one is assigned."""
    memory_bytes: int = 0
    """The memory that its tasks reserve on all workers together."""


@dataclass(frozen=True, kw_only=True)
class QueryLoad:
    """The unfinished queries, each counted once."""

    running: int
    """Running queries that aren't blocked."""
    blocked: int
    queued: int
    """Queries that a resource group queues for its memory limit, or only for a moment."""
    waiting: int
    """Queries that wait for workers, or are about to need them: WAITING_FOR_RESOURCES, PLANNING and such."""
    held_back: int
    """Queries that are queued for a limit of their resource group, or one above it, that more workers don't change: of
    concurrency, a CPU quota, or an absolute memory limit."""
    without_workers: int = 0
    """Queries that need no worker: they wait for prerequisites, or finish."""
    queued_for_memory: tuple[tuple[tuple[ResourceGroup, ...], int], ...] = ()
    """Of the queued ones, those that wait for memory limits: the groups with these limits, and how many queries."""
    memory_bytes: int = 0
    """The memory that all queries reserve on all workers."""


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
    queued_for_shared_memory: int = 0
    """Of the queued queries, those that wait for a share of the cluster's memory, which grows with each worker."""
    is_short_of_memory: bool = False
    """Whether queries may be blocked for want of memory."""

    @property
    def demand(self) -> int:
        """Queries that workers are needed for."""
        return self.running + self.blocked + self.queued + self.waiting

    @property
    def is_idle(self) -> bool:
        """Whether there is no unfinished query."""
        return self.demand + self.held_back + self.without_workers == 0


_Name = Annotated[str, msgspec.Meta(max_length=_MOST_NAME_CHARACTERS)]


class _Progress(msgspec.Struct, gc=False):
    blocked: bool | None = None
    currentMemoryBytes: int | float | None = None  # noqa: N815 - Presto's name


class _State(msgspec.Struct, gc=False):
    queryState: str  # noqa: N815 - Presto's name
    progress: _Progress | None = None
    resourceGroupId: Annotated[list[_Name], msgspec.Meta(max_length=_MOST_DEPTH)] | None = None  # noqa: N815


class _Group(msgspec.Struct):
    id: Annotated[list[_Name], msgspec.Meta(max_length=_MOST_DEPTH)]
    numRunningQueries: int  # noqa: N815 - Presto's name
    hardConcurrencyLimit: int  # noqa: N815 - Presto's name
    state: str = _CAN_RUN
    softMemoryLimit: str = ""  # noqa: N815 - Presto's name
    memoryUsage: str = ""  # noqa: N815 - Presto's name
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
            _bytes(state.progress.currentMemoryBytes) if state.progress is not None else 0,
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


def full_groups(answer: bytes) -> frozenset[FullGroup]:
    """The groups in a coordinator's answer that start no more queries for now, for whatever limit.

    Raises:
        PrestoUnavailableError: it isn't a resource group.
    """
    groups = [decoded(_GROUP, answer, "/v1/resourceGroupState")]
    full = []
    while groups:
        group = groups.pop()
        # Queries of subgroups are included. With a limit of 0 nothing runs, however many workers there are.
        is_at_concurrency = group.numRunningQueries >= group.hardConcurrencyLimit
        is_at_memory = _is_at_memory_limit(group)
        # Presto doesn't report the CPU quota. A group is CAN_RUN only below all its limits (InternalResourceGroup).
        if is_at_concurrency or is_at_memory or group.state != _CAN_RUN:
            full.append(FullGroup(tuple(group.id), is_by_memory=is_at_memory and not is_at_concurrency))
        groups += group.subGroups or ()
    return frozenset(full)


def group_question(root: str) -> Question[frozenset[FullGroup]]:
    """Which groups at and below a root group are full."""
    return Question(resource_group_path(root), full_groups, _MOST_GROUP_BYTES)


def _is_at_memory_limit(group: _Group) -> bool:
    try:
        used, limit = data_size_bytes(group.memoryUsage), data_size_bytes(group.softMemoryLimit)
    except ValueError:
        return False
    return used > 0 and used >= _AT_MEMORY_LIMIT * limit


def query_load(queries: Iterable[UnfinishedQuery], full: Iterable[FullGroup]) -> QueryLoad:
    """The number of queries by what they wait for.

    Args:
        queries: the unfinished queries.
        full: the groups that start no more queries for now.
    """
    is_by_memory = {item.group: item.is_by_memory for item in full}
    counts = {"running": 0, "blocked": 0, "queued": 0, "waiting": 0, "held_back": 0, "without_workers": 0}
    for_memory: Counter[tuple[ResourceGroup, ...]] = Counter()
    memory_bytes = 0
    for query in queries:
        limits = _limits(query, is_by_memory)
        kind = _kind(query, is_held_back=any(not is_by_memory[group] for group in limits))
        counts[kind] += 1
        memory_bytes += query.memory_bytes
        if kind == "queued" and limits:
            for_memory[limits] += 1
    return QueryLoad(**counts, queued_for_memory=tuple(sorted(for_memory.items())), memory_bytes=memory_bytes)


def _limits(query: UnfinishedQuery, full: Mapping[ResourceGroup, bool]) -> tuple[ResourceGroup, ...]:
    """The groups on the query's path, from the root down, that start no more queries."""
    prefixes = (query.group[:depth] for depth in range(1, len(query.group) + 1))
    return tuple(group for group in prefixes if group in full)


def _kind(query: UnfinishedQuery, *, is_held_back: bool) -> str:
    if query.state == _RUNNING:
        return "blocked" if query.is_blocked else "running"
    if query.state in _WITHOUT_WORKERS:
        return "without_workers"
    if query.state != _QUEUED:
        return "waiting"
    return "held_back" if is_held_back else "queued"


def _bytes(value: float | None) -> int:
    return int(value) if value is not None and 0 <= value < 2**63 else 0

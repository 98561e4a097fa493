"""One look at what a cluster's Presto says of its load."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from presto_operator.kube import ClusterKey
from presto_operator.polling.presto_transport import PrestoReader
from presto_operator.presto.cluster import CLUSTER_PATH, active_workers
from presto_operator.presto.cpu import SERVER_STATUS_PATH, cpu_percent
from presto_operator.presto.errors import PrestoNotFoundError, PrestoUnavailableError
from presto_operator.presto.load import (
    QUERY_STATES_PATH,
    ClusterLoad,
    ResourceGroup,
    full_groups,
    query_load,
    queued_roots,
    resource_group_path,
    unfinished_queries,
)
from presto_operator.presto.server import Server

CPU_SECONDS = 15.0
"""How often a worker is asked for its CPU use."""
CPU_KEPT_SECONDS = 45.0
"""How long its answer counts."""
MOST_CPU_QUESTIONS = 20
"""How many workers are asked at once; of a hundred, each is then asked every 25 s."""

_MOST_ROOT_GROUPS = 16


async def ask_coordinator(reader: PrestoReader, key: ClusterKey, now: datetime) -> ClusterLoad:
    """The load of a cluster, as the coordinator that clients reach reports it at `now`.

    Raises:
        PrestoUnavailableError: it could not be asked for everything within seconds.
    """
    cluster, queries = await asyncio.gather(
        reader.get_of_service(key.namespace, key.name, CLUSTER_PATH),
        reader.get_of_service(key.namespace, key.name, QUERY_STATES_PATH),
    )
    unfinished = unfinished_queries(queries)
    load = query_load(unfinished, await _full_groups(reader, key, queued_roots(unfinished)))
    return ClusterLoad(at=now, active_workers=active_workers(cluster), **asdict(load))


async def _full_groups(reader: PrestoReader, key: ClusterKey, roots: Iterable[str]) -> frozenset[ResourceGroup]:
    async def full(root: str) -> frozenset[ResourceGroup]:
        try:
            return full_groups(await reader.get_of_service(key.namespace, key.name, resource_group_path(root)))
        except PrestoNotFoundError:
            # A group without a configured limit isn't told of.
            return frozenset()

    # With more roots than anybody configures by hand, the queries of the others count as helped by workers.
    found = await asyncio.gather(*(full(root) for root in list(roots)[:_MOST_ROOT_GROUPS]))
    return frozenset().union(*found)


class WorkerCpu:
    """The CPU use of a cluster's workers. Each is asked seldom, and few at once: a cluster may have a hundred."""

    def __init__(self, reader: PrestoReader) -> None:
        self._reader = reader
        self._asked: dict[Server, float] = {}
        self._told: dict[Server, tuple[float, float]] = {}
        """When each told it, and what."""

    async def ask(self, workers: Iterable[Server]) -> None:
        """Ask those whose turn it is; who doesn't answer within seconds is asked again in the next turn."""
        now = _now()
        there = set(workers)
        self._asked = {server: at for server, at in self._asked.items() if server in there}
        self._told = {
            server: told for server, told in self._told.items() if server in there and now - told[0] < CPU_KEPT_SECONDS
        }
        due = [server for server in there if now - self._asked.get(server, -CPU_SECONDS) >= CPU_SECONDS]
        due.sort(key=lambda server: (self._asked.get(server, -CPU_SECONDS), server.pod))
        await asyncio.gather(*(self._ask(server) for server in due[:MOST_CPU_QUESTIONS]))

    @property
    def workers(self) -> int:
        """How many have told it."""
        return len(self._told)

    @property
    def mean_percent(self) -> float | None:
        """The mean of what they told; None if none did."""
        return sum(percent for _, percent in self._told.values()) / len(self._told) if self._told else None

    async def _ask(self, server: Server) -> None:
        self._asked[server] = _now()
        try:
            percent = cpu_percent(await self._reader.get_of_server(server, SERVER_STATUS_PATH))
        except PrestoUnavailableError:
            # It starts, drains or is lost; nodes and pods tell of that themselves.
            return
        self._told[server] = (_now(), percent)


def _now() -> float:
    return asyncio.get_running_loop().time()

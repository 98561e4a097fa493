"""Asking a cluster's Presto once for its load."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from presto_operator.kube import ClusterKey
from presto_operator.polling.pace import loop_time
from presto_operator.polling.presto_transport import Presto
from presto_operator.presto import (
    CLUSTER_QUESTION,
    CPU_QUESTION,
    QUERY_STATES_QUESTION,
    ClusterLoad,
    FullGroup,
    PrestoNotFoundError,
    PrestoUnavailableError,
    Server,
    group_question,
    query_load,
    queued_roots,
)

CPU_SECONDS = 15.0
"""How often a worker is asked for its CPU use."""
CPU_KEPT_SECONDS = 45.0
"""How long its answer is used."""
MOST_CPU_QUESTIONS = 20
"""How many workers are asked at once. Of a hundred workers, each is then asked every 25 s."""

_MOST_ROOT_GROUPS = 16
_GROUPS_SECONDS = 5.0
"""How long all root groups may take, which are asked for one after the other."""


async def ask_coordinator(presto: Presto, key: ClusterKey, now: datetime) -> ClusterLoad:
    """The load of a cluster, as the coordinator that serves clients reports it at `now`.

    Raises:
        PrestoUnavailableError: one of the answers is missing.
    """
    active, unfinished = await asyncio.gather(
        presto.get_of_service(key.namespace, key.name, CLUSTER_QUESTION),
        presto.get_of_service(key.namespace, key.name, QUERY_STATES_QUESTION),
    )
    try:
        async with asyncio.timeout(_GROUPS_SECONDS):
            full = await _full_groups(presto, key, queued_roots(unfinished))
    except TimeoutError as error:
        raise PrestoUnavailableError(f"{key}: the resource groups took more than {_GROUPS_SECONDS:g} s") from error
    return ClusterLoad(at=now, active_workers=active, **asdict(query_load(unfinished, full)))


async def _full_groups(presto: Presto, key: ClusterKey, roots: Sequence[str]) -> frozenset[FullGroup]:
    """The full groups, asked for one after the other: each answer may be large.

    Beyond 16 root groups, it is assumed that more workers help the queued queries.
    """
    full: set[FullGroup] = set()
    for root in roots[:_MOST_ROOT_GROUPS]:
        # Presto doesn't know a group without a configured limit.
        with contextlib.suppress(PrestoNotFoundError):
            found = await presto.get_of_service(key.namespace, key.name, group_question(root))
            full.update(found)
    return frozenset(full)


class WorkerCpu:
    """The CPU use of a cluster's workers. Few are asked at once, each seldom: a cluster may have a hundred."""

    def __init__(self, presto: Presto) -> None:
        self._presto = presto
        self._asked: dict[Server, float] = {}
        self._answers: dict[Server, tuple[float, float]] = {}
        """When each answered, and its CPU use in percent."""

    async def ask(self, workers: Iterable[Server]) -> None:
        """Ask those whose turn it is. One that doesn't answer is asked again in its next turn."""
        now = loop_time()
        present = set(workers)
        self._asked = {server: at for server, at in self._asked.items() if server in present}
        self._answers = {
            server: answer
            for server, answer in self._answers.items()
            if server in present and now - answer[0] < CPU_KEPT_SECONDS
        }
        due = [server for server in present if now - self._asked.get(server, -CPU_SECONDS) >= CPU_SECONDS]
        due.sort(key=lambda server: (self._asked.get(server, -CPU_SECONDS), server.pod))
        await asyncio.gather(*(self._ask(server) for server in due[:MOST_CPU_QUESTIONS]))

    @property
    def workers(self) -> int:
        """How many have answered."""
        return len(self._answers)

    @property
    def mean_percent(self) -> float | None:
        """The mean of their CPU use; None if none has answered."""
        return sum(percent for _, percent in self._answers.values()) / len(self._answers) if self._answers else None

    async def _ask(self, server: Server) -> None:
        self._asked[server] = loop_time()
        try:
            percent = await self._presto.get_of_server(server, CPU_QUESTION)
        except PrestoUnavailableError:
            # It starts, drains or is lost, which its pod and its node show.
            return
        self._answers[server] = (loop_time(), percent)

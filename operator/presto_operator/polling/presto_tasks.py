"""Asking workers how many tasks they run, before a scale-down chooses some of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from presto_operator.kube import ClusterKey
from presto_operator.objects import KubernetesObject, name_of
from presto_operator.polling.presto_transport import Presto
from presto_operator.presto import TASKS_QUESTION, PrestoUnavailableError, server_of

_logger = logging.getLogger(__name__)

_COUNTS = timedelta(seconds=5)
"""How long the answers are used."""
_PATIENCE_SECONDS = 5.0
"""How long a scale-down waits for the answers of all workers."""


class TaskReader:
    """Asks the workers themselves: a coordinator says where tasks run only along with everything about each query.

    No pass waits for the answers: it is made again once they are there.
    """

    def __init__(self, presto: Presto, on_answer: Callable[[ClusterKey], None], clock: Callable[[], datetime]) -> None:
        """`on_answer` is called for a cluster once its workers were asked."""
        self._presto = presto
        self._on_answer = on_answer
        self._clock = clock
        self._counts: dict[ClusterKey, tuple[datetime, dict[str, int]]] = {}
        self._asking: dict[ClusterKey, asyncio.Task[None]] = {}

    def newest(self, key: ClusterKey, pods: Sequence[KubernetesObject]) -> dict[str, int] | None:
        """How many tasks each of these workers runs, by pod name; those that don't answer in time are left out.

        None while they are being asked, which takes five seconds at most.
        """
        if not pods:
            return {}
        at, counts = self._counts.get(key, (None, {}))
        if at is not None and timedelta(0) <= self._clock() - at < _COUNTS:
            return counts
        if key not in self._asking:
            self._asking[key] = asyncio.create_task(self._answer(key, pods))
        return None

    def forget(self, key: ClusterKey) -> None:
        """Forget a cluster that was deleted."""
        self._counts.pop(key, None)
        if (asking := self._asking.pop(key, None)) is not None:
            asking.cancel()

    async def close(self) -> None:
        """End all questions."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, key: ClusterKey, pods: Sequence[KubernetesObject]) -> None:
        counts = await self._count(pods)
        del self._asking[key]
        self._counts[key] = self._clock(), counts
        self._on_answer(key)

    async def _count(self, pods: Sequence[KubernetesObject]) -> dict[str, int]:
        asked = {asyncio.create_task(self._ask(pod)): name_of(pod) for pod in pods}
        try:
            done, _ = await asyncio.wait(asked, timeout=_PATIENCE_SECONDS)
        finally:
            for task in asked:
                task.cancel()
        counts = {asked[task]: task.result() for task in done}
        known = {name: count for name, count in counts.items() if count is not None}
        if len(known) < len(asked):
            _logger.warning("%d of %d workers did not report their tasks", len(asked) - len(known), len(asked))
        return known

    async def _ask(self, pod: KubernetesObject) -> int | None:
        server = server_of(pod)
        try:
            return await self._presto.get_of_server(server, TASKS_QUESTION)
        except PrestoUnavailableError as error:
            _logger.info("%s/%s: tasks could not be read: %s", server.namespace, server.pod, error)
            return None
        except Exception:
            # A bug of ours must not keep the workers from leaving.
            _logger.exception("%s/%s: tasks could not be read", server.namespace, server.pod)
            return None

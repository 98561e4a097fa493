"""Asking workers how many tasks they run, before a scale-down chooses some of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from presto_operator.objects import KubernetesObject, name_of
from presto_operator.polling.presto_transport import Presto
from presto_operator.presto import TASKS_QUESTION, PrestoUnavailableError, server_of

_logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 5.0
"""How long a scale-down waits for the answers of all workers."""


class TaskReader:
    """Asks the workers themselves: a coordinator says where tasks run only along with everything about each query."""

    def __init__(self, presto: Presto) -> None:
        self._presto = presto

    async def count(self, pods: Sequence[KubernetesObject]) -> dict[str, int]:
        """How many tasks each of these workers runs, by pod name; those that don't answer in time are left out."""
        asked = {asyncio.create_task(self._ask(pod)): name_of(pod) for pod in pods}
        if not asked:
            return {}
        done, late = await asyncio.wait(asked, timeout=_PATIENCE_SECONDS)
        for task in late:
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

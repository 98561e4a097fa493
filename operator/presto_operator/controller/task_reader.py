"""Asking workers how many tasks they run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from presto_operator.desired import KubernetesObject
from presto_operator.kube import ApiError, KubernetesClient
from presto_operator.presto import HTTP_PORT
from presto_operator.presto.client import fetch_running_tasks
from presto_operator.presto.stats import PrestoUnavailableError
from presto_operator.presto.tasks import SUMMARIZED, TASKS_PATH, running_tasks

_logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 5.0
"""For all workers together: a scale-down waits for no one longer than that."""


class TaskReader:
    """Asks the workers themselves: no coordinator tells where tasks are without telling all about each query."""

    def __init__(self, client: KubernetesClient) -> None:
        self._client = client

    async def count(self, pods: Sequence[KubernetesObject]) -> dict[str, int]:
        """How many tasks each of these workers runs, by pod name; those that don't answer in time are left out."""
        asked = {asyncio.create_task(self._ask(pod)): pod["metadata"]["name"] for pod in pods}
        if not asked:
            return {}
        done, late = await asyncio.wait(asked, timeout=_PATIENCE_SECONDS)
        for task in late:
            task.cancel()
        counts = {asked[task]: task.result() for task in done}
        known = {name: count for name, count in counts.items() if count is not None}
        if len(known) < len(asked):
            _logger.warning("%d of %d workers don't tell what they run", len(asked) - len(known), len(asked))
        return known

    async def _ask(self, pod: KubernetesObject) -> int | None:
        metadata = pod["metadata"]
        try:
            if self._client.in_cluster:
                return await asyncio.to_thread(fetch_running_tasks, _base_uri(pod))
            answer = await self._client.get_through_pod(
                metadata["namespace"], metadata["name"], HTTP_PORT, TASKS_PATH, [SUMMARIZED]
            )
            return running_tasks(answer)
        except (PrestoUnavailableError, ApiError) as error:
            _logger.info("%s/%s can't be asked for its tasks: %s", metadata["namespace"], metadata["name"], error)
            return None


def _base_uri(pod: KubernetesObject) -> str:
    address = pod.get("status", {}).get("podIP")
    if not address:
        raise PrestoUnavailableError("it has no address yet")
    return f"http://[{address}]:{HTTP_PORT}" if ":" in address else f"http://{address}:{HTTP_PORT}"

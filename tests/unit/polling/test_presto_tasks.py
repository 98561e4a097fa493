from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from presto_operator.kube import ApiError, ClusterKey
from presto_operator.objects import KubernetesObject
from presto_operator.polling.presto_tasks import TaskReader
from presto_operator.polling.presto_transport import PrestoTransport
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.virtual_time import run

KEY = ClusterKey("analytics", "adhoc")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BUSY = [{"taskStatus": {"state": "RUNNING"}}]


class _SlowKubernetes(FakeKubernetes):
    """Workers that answer after a while, by the pod's name."""

    def __init__(self, seconds: dict[str, float]) -> None:
        super().__init__()
        self._seconds = seconds

    async def get_through_pod(self, namespace: str, pod: str, port: int, path: str, most_bytes: int) -> bytes:
        await asyncio.sleep(self._seconds.get(pod, 0))
        return await super().get_through_pod(namespace, pod, port, path, most_bytes)


def pod(name: str) -> KubernetesObject:
    return {"metadata": {"name": name, "namespace": "analytics"}}


async def _timed_count(api: FakeKubernetes, *names: str) -> tuple[dict[str, int], float]:
    """The counts, and how many seconds they took."""
    answered = asyncio.Event()
    reader = TaskReader(PrestoTransport(api), lambda _: answered.set(), lambda: NOW)
    pods = [pod(name) for name in names]
    counts = reader.newest(KEY, pods)
    if counts is None:
        await answered.wait()
        counts = reader.newest(KEY, pods)
    assert counts is not None
    return counts, asyncio.get_running_loop().time()


def test_workers_are_asked_side_by_side() -> None:
    api = _SlowKubernetes({"a": 3, "b": 4})
    api.tasks = lambda name: BUSY if name == "a" else []
    assert run(_timed_count(api, "a", "b")) == ({"a": 1, "b": 0}, 4)
    assert api.asked == ["analytics/a:8080/v1/task?summarize=true", "analytics/b:8080/v1/task?summarize=true"]


def test_who_answers_late_or_not_at_all_is_left_out() -> None:
    api = _SlowKubernetes({"late": 60})
    api.tasks = lambda name: ApiError(502, "no answer") if name == "refuses" else "nonsense" if name == "odd" else BUSY
    assert run(_timed_count(api, "good", "late", "refuses", "odd")) == ({"good": 1}, 5)


def test_nobody_is_asked_for_nothing() -> None:
    assert run(_timed_count(FakeKubernetes())) == ({}, 0)

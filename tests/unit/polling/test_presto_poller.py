from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from presto_operator.kube import ApiError, ClusterKey
from presto_operator.polling.pace import steady_pace
from presto_operator.polling.presto_load import MOST_CPU_QUESTIONS
from presto_operator.polling.presto_poller import PrestoPoller, Subject
from presto_operator.polling.presto_transport import PrestoTransport
from presto_operator.polling.seldom import REST_SECONDS
from presto_operator.presto.server import Server
from tests.unit import virtual_time
from tests.unit.fake_kubernetes import FakeKubernetes

KEY = ClusterKey("analytics", "adhoc")
INTERVAL = timedelta(seconds=5)
POLL_SECONDS = INTERVAL.total_seconds()
NOW = datetime(2026, 1, 1, tzinfo=UTC)
IDLE = {"runningQueries": 0, "blockedQueries": 0, "queuedQueries": 0, "activeWorkers": 2}


class Presto(FakeKubernetes):
    """Coordinators behind an API server, and a poller that asks them."""

    def __init__(self) -> None:
        super().__init__()
        self.presto_answer = IDLE
        self.times: list[float] = []
        self.woken: list[ClusterKey] = []
        self.hangs = False
        self.poller = PrestoPoller(PrestoTransport(self), self.woken.append, lambda: NOW, steady_pace(INTERVAL))

    async def get_through_service(self, namespace: str, service: str, port: int, path: str, most_bytes: int) -> bytes:
        if path == "/v1/cluster":
            self.times.append(asyncio.get_running_loop().time())
        if self.hangs:
            await asyncio.sleep(5)
            raise ApiError(0, "no answer")
        return await super().get_through_service(namespace, service, port, path, most_bytes)

    async def get_through_pod(self, namespace: str, pod: str, port: int, path: str, most_bytes: int) -> bytes:
        answer = await super().get_through_pod(namespace, pod, port, path, most_bytes)
        await asyncio.sleep(0.01)
        return answer

    def run(self, scenario: Callable[[], Awaitable[None]]) -> None:
        async def closed() -> None:
            try:
                await scenario()
            finally:
                await self.poller.close()

        virtual_time.run(closed())

    def asked_workers(self) -> list[str]:
        return [path for path in self.asked if path.endswith("/v1/status")]


def workers(count: int) -> tuple[Server, ...]:
    return tuple(Server("analytics", f"worker-{number}", f"10.0.0.{number}") for number in range(count))


def test_a_cluster_is_asked_at_a_steady_pace() -> None:
    presto = Presto()

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject())
        for _ in range(20):
            await asyncio.sleep(POLL_SECONDS / 4)
            presto.poller.watch(KEY, Subject())

    presto.run(scenario)
    gaps = [round(later - earlier, 3) for earlier, later in zip(presto.times[1:], presto.times[2:], strict=False)]
    assert gaps
    assert set(gaps) == {POLL_SECONDS}


def test_the_end_of_the_first_poll_wakes_up_though_it_failed() -> None:
    presto = Presto()

    async def scenario() -> None:
        presto.hangs = True
        presto.poller.watch(KEY, Subject())
        assert not presto.poller.was_polled(KEY)
        assert presto.woken == []
        await presto.poller.first_poll(KEY)
        assert asyncio.get_running_loop().time() == 5.0
        assert presto.poller.was_polled(KEY)
        assert presto.poller.newest(KEY) is None
        assert presto.woken == [KEY]

    presto.run(scenario)


def test_a_cluster_that_is_not_watched_has_no_numbers() -> None:
    presto = Presto()

    async def scenario() -> None:
        assert presto.poller.newest(KEY) is None
        presto.poller.watch(KEY, Subject())
        await presto.poller.first_poll(KEY)
        presto.poller.forget(KEY)
        assert presto.poller.newest(KEY) is None
        asked = len(presto.times)
        await asyncio.sleep(3 * POLL_SECONDS)
        assert len(presto.times) == asked

    presto.run(scenario)


def test_one_that_hangs_holds_up_no_other() -> None:
    presto, other = Presto(), Presto()
    presto.hangs = True

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject())
        other.poller.watch(KEY, Subject())
        await other.poller.first_poll(KEY)
        assert asyncio.get_running_loop().time() == 0.0
        await other.poller.close()

    presto.run(scenario)


def test_the_load_is_complete() -> None:
    presto = Presto()
    presto.presto_answer = {
        "runningQueries": 1,
        "blockedQueries": 2,
        "queuedQueries": 3,
        "waitingQueries": 4,
        "activeWorkers": 5,
    }
    presto.resource_group = {"id": ["global"], "numRunningQueries": 3, "hardConcurrencyLimit": 3}

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject())
        await presto.poller.first_poll(KEY)
        poll = presto.poller.newest(KEY)
        assert poll is not None
        assert poll.at == NOW
        assert (poll.running, poll.blocked, poll.queued) == (1, 2, 0)
        assert (poll.waiting, poll.held_back, poll.active_workers) == (4, 3, 5)

    presto.run(scenario)


def test_a_group_that_presto_does_not_know_holds_nothing_back() -> None:
    presto = Presto()
    presto.presto_answer = {**IDLE, "queuedQueries": 3}

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject())
        await presto.poller.first_poll(KEY)
        poll = presto.poller.newest(KEY)
        assert poll is not None
        assert (poll.queued, poll.held_back) == (3, 0)

    presto.run(scenario)


def test_half_an_answer_is_none() -> None:
    presto = Presto()
    presto.presto_answer = {**IDLE, "queuedQueries": 3}
    presto.resource_group = ApiError(503, "busy")

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject())
        await presto.poller.first_poll(KEY)
        assert presto.poller.newest(KEY) is None

    presto.run(scenario)


def test_a_changed_load_wakes_up_only_what_is_scaled_by_it() -> None:
    presto = Presto()

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject())
        await presto.poller.first_poll(KEY)
        presto.woken.clear()
        presto.presto_answer = {**IDLE, "runningQueries": 1}
        await asyncio.sleep(2 * POLL_SECONDS)
        assert presto.woken == []
        presto.poller.watch(KEY, Subject(is_scaled_by_load=True))
        presto.presto_answer = {**IDLE, "runningQueries": 2}
        await asyncio.sleep(3 * POLL_SECONDS)
        assert presto.woken == [KEY]

    presto.run(scenario)


def test_presto_that_falls_silent_wakes_up_and_its_last_answer_is_kept() -> None:
    presto = Presto()

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject())
        await presto.poller.first_poll(KEY)
        presto.woken.clear()
        last = presto.poller.newest(KEY)
        presto.presto_answer = ApiError(503, "no endpoints")
        await asyncio.sleep(3 * POLL_SECONDS)
        assert presto.woken == [KEY]
        assert presto.poller.newest(KEY) is None
        assert presto.poller.last_answer(KEY) == last
        presto.presto_answer = IDLE
        await asyncio.sleep(3 * POLL_SECONDS)
        assert presto.woken == [KEY, KEY]

    presto.run(scenario)


def test_workers_are_asked_for_their_cpu_use_seldom() -> None:
    presto = Presto()
    presto.cpu_load = 0.5

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject(workers(3)))
        await presto.poller.first_poll(KEY)
        poll = presto.poller.newest(KEY)
        assert poll is not None
        assert (poll.worker_cpu_percent, poll.workers_with_cpu) == (50.0, 3)
        await asyncio.sleep(60)

    presto.run(scenario)
    assert 3 * 3 <= len(presto.asked_workers()) <= 3 * 5


def test_of_many_workers_each_has_its_turn() -> None:
    presto = Presto()
    presto.cpu_load = 0.5

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject(workers(100)))
        await presto.poller.first_poll(KEY)
        poll = presto.poller.newest(KEY)
        assert poll is not None
        assert poll.workers_with_cpu == MOST_CPU_QUESTIONS
        await asyncio.sleep(7 * POLL_SECONDS)
        await presto.poller.first_poll(KEY)
        poll = presto.poller.newest(KEY)
        assert poll is not None
        assert poll.workers_with_cpu == 100

    presto.run(scenario)


def test_what_workers_told_is_not_believed_for_long() -> None:
    presto = Presto()
    presto.cpu_load = 0.5

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject(workers(3)))
        await presto.poller.first_poll(KEY)
        presto.poller.watch(KEY, Subject(workers(2)))
        await asyncio.sleep(2 * POLL_SECONDS)
        await presto.poller.first_poll(KEY)
        poll = presto.poller.newest(KEY)
        assert poll is not None
        assert poll.workers_with_cpu == 2
        presto.cpu_load = None
        await asyncio.sleep(70)
        await presto.poller.first_poll(KEY)
        poll = presto.poller.newest(KEY)
        assert poll is not None
        assert (poll.worker_cpu_percent, poll.workers_with_cpu) == (None, 0)

    presto.run(scenario)


def test_a_cluster_whose_answers_are_too_large_is_polled_seldom() -> None:
    presto = Presto()
    presto.presto_answer = ApiError(413, "too large")

    async def scenario() -> None:
        presto.poller.watch(KEY, Subject())
        await asyncio.sleep(REST_SECONDS)
        assert len(presto.times) == 2
        presto.presto_answer = IDLE
        await asyncio.sleep(4 * POLL_SECONDS)
        assert presto.poller.newest(KEY) is not None
        assert len(presto.times) > 3

    presto.run(scenario)

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from presto_operator.controller.queue import WorkQueue
from tests.unit.virtual_time import run

Pass = Callable[[str], Awaitable[float | None]]


@contextlib.asynccontextmanager
async def workers(queue: WorkQueue[str], reconcile: Pass, *, count: int = 1) -> AsyncIterator[None]:
    """Work on the queue meanwhile."""
    tasks = [asyncio.create_task(queue.work(reconcile)) for _ in range(count)]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Record:
    """A pass that takes a while, and when each one began."""

    def __init__(self, *, takes: float = 0.0, again_after: float | None = None, failures: int = 0) -> None:
        self.began: list[tuple[str, float]] = []
        self.at_once = 0
        self.most_at_once = 0
        self._takes = takes
        self._again_after = again_after
        self.failures_left = failures

    async def __call__(self, key: str) -> float | None:
        self.began.append((key, round(_now(), 3)))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self._takes)
        self.at_once -= 1
        if self.failures_left > 0:
            self.failures_left -= 1
            raise RuntimeError("not this time")
        return self._again_after

    @property
    def times(self) -> list[float]:
        return [time for _, time in self.began]


def _now() -> float:
    return asyncio.get_running_loop().time()


def test_any_number_of_events_makes_one_pass() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        record = Record()
        for _ in range(5):
            queue.add("a")
        assert len(queue) == 1
        async with workers(queue, record, count=3):
            await asyncio.sleep(100)
        assert record.began == [("a", 0.0)]
        assert len(queue) == 0

    run(scenario())


def test_an_urgent_key_goes_before_all_that_are_due() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        record = Record(takes=1)
        for key in "abcd":
            queue.add(key)
        queue.add("e", after_seconds=60)
        async with workers(queue, record):
            await asyncio.sleep(0.5)
            queue.add_urgently("d")
            queue.add_urgently("e")
            await asyncio.sleep(100)
        assert record.began == [("a", 0.0), ("d", 1.0), ("e", 2.0), ("b", 3.0), ("c", 4.0)]

    run(scenario())


def test_urgency_is_for_one_pass() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        record = Record(takes=1)
        queue.add_urgently("a")
        async with workers(queue, record):
            await asyncio.sleep(0.5)
            queue.add("b")
            queue.add("a")
            await asyncio.sleep(100)
        assert [key for key, _ in record.began] == ["a", "b", "a"]

    run(scenario())


def test_one_key_is_never_worked_on_twice_at_once() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        record = Record(takes=10)
        async with workers(queue, record, count=3):
            queue.add("a")
            for _ in range(5):
                await asyncio.sleep(1)
                queue.add("a")
            await asyncio.sleep(100)
        # All that came during the first pass make one more, and it begins when the first is over.
        assert record.times == [0.0, 10.0]
        assert record.most_at_once == 1

    run(scenario())


def test_different_keys_are_worked_on_side_by_side() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        record = Record(takes=10)
        async with workers(queue, record, count=2):
            for key in "abc":
                queue.add(key)
            await asyncio.sleep(100)
        assert sorted(record.began) == [("a", 0.0), ("b", 0.0), ("c", 10.0)]
        assert record.most_at_once == 2

    run(scenario())


def test_a_pass_asks_for_the_next_one() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        record = Record(again_after=10)
        async with workers(queue, record):
            queue.add("a")
            await asyncio.sleep(35)
        assert record.times == [0.0, 10.0, 20.0, 30.0]

    run(scenario())


def test_an_event_brings_the_next_pass_forward() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        record = Record(again_after=10)
        async with workers(queue, record):
            queue.add("a")
            await asyncio.sleep(4)
            queue.add("a", after_seconds=60)
            assert len(queue) == 0
            queue.add("a")
            await asyncio.sleep(12)
        assert record.times == [0.0, 4.0, 14.0]

    run(scenario())


def test_a_failed_pass_is_made_again_after_a_growing_delay() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        record = Record(failures=1000)
        async with workers(queue, record):
            queue.add("a")
            await asyncio.sleep(300)
        delays = [after - before for before, after in zip(record.times, record.times[1:], strict=False)]
        assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]

    run(scenario())


def test_a_pass_that_succeeds_starts_the_delays_anew() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        record = Record(failures=3)
        async with workers(queue, record):
            queue.add("a")
            await asyncio.sleep(50)
            record.failures_left = 1
            queue.add("a")
            await asyncio.sleep(50)
        assert record.times == [0.0, 1.0, 3.0, 7.0, 50.0, 51.0]

    run(scenario())


def test_one_cluster_that_fails_holds_up_no_other() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        times: list[float] = []

        async def reconcile(key: str) -> float | None:
            if key == "bad":
                raise RuntimeError("always")
            times.append(_now())
            return 10

        async with workers(queue, reconcile):
            queue.add("bad")
            queue.add("good")
            await asyncio.sleep(25)
        assert times == [0.0, 10.0, 20.0]

    run(scenario())


@pytest.mark.parametrize(("error", "has_stack"), [(ValueError("expected"), False), (KeyError("surprise"), True)])
def test_an_expected_error_is_logged_without_its_stack(
    caplog: pytest.LogCaptureFixture, error: Exception, *, has_stack: bool
) -> None:
    async def reconcile(key: str) -> float | None:
        raise error

    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue(expected_errors=(ValueError,))
        async with workers(queue, reconcile):
            queue.add("a")
            await asyncio.sleep(0.5)

    run(scenario())
    (logged,) = caplog.records
    assert bool(logged.exc_info) is has_stack
    assert "a: reconcile failed, retrying in 1 s" in logged.getMessage()


def test_the_earliest_comes_first() -> None:
    async def scenario() -> None:
        queue: WorkQueue[str] = WorkQueue()
        record = Record()
        queue.add("late", after_seconds=5)
        queue.add("early", after_seconds=3)
        async with workers(queue, record):
            await asyncio.sleep(100)
        assert record.began == [("early", 3.0), ("late", 5.0)]

    run(scenario())

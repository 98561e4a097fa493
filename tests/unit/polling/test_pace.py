from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta
from itertools import pairwise

from presto_operator.kube import ClusterKey
from presto_operator.polling.pace import loop_time, steady_pace
from tests.unit import virtual_time

KEY = ClusterKey("analytics", "adhoc")
INTERVAL = timedelta(seconds=5)


def _polls(key: ClusterKey, *takes_seconds: float) -> list[float]:
    """When each poll begins, if they take so many seconds."""

    async def scenario() -> list[float]:
        times: list[float] = []
        async with aclosing(steady_pace(INTERVAL)(key)) as pace:
            async for _ in pace:
                times.append(loop_time())
                if len(times) > len(takes_seconds):
                    break
                await asyncio.sleep(takes_seconds[len(times) - 1])
        return times

    return virtual_time.run(scenario())


def _gaps(times: list[float]) -> list[float]:
    return [round(later - earlier, 3) for earlier, later in pairwise(times)]


def test_polls_follow_each_other_by_the_interval_however_long_they_take() -> None:
    times = _polls(KEY, 0, 1, 4.9, 0)
    assert times[0] == 0
    assert _gaps(times[1:]) == [5, 5, 5]


def test_the_second_poll_has_a_phase_of_its_own() -> None:
    seconds = [_polls(ClusterKey("analytics", name), 0)[1] for name in ("a", "b", "c", "d")]
    assert all(5 <= second < 10 for second in seconds)
    assert len(set(seconds)) == 4


def test_what_took_longer_than_the_interval_is_not_made_up_for() -> None:
    assert _gaps(_polls(KEY, 0, 12, 0, 0)[1:]) == [12, 5, 5]

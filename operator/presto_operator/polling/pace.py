"""When polls of one cluster follow each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from zlib import crc32

from presto_operator.kube import ClusterKey

Pace = Callable[[ClusterKey], AsyncGenerator[float, None]]
"""Yields whenever a cluster is to be polled, with the seconds by which the poll is late. A poll ends before the next
value is asked for."""


def loop_time() -> float:
    """The event loop's own clock, in seconds."""
    return asyncio.get_running_loop().time()


def steady_pace(interval: timedelta) -> Pace:
    """Polls at once, and then every `interval`.

    The second poll of each cluster is delayed by a part of the interval that its name decides, so that clusters that
    are found together are not polled together.
    """
    seconds = interval.total_seconds()

    async def pace(key: ClusterKey) -> AsyncGenerator[float, None]:
        due = loop_time()
        phase = seconds * crc32(str(key).encode()) / 2**32
        while True:
            yield max(0.0, loop_time() - due)
            # After a poll that took longer than the interval, the next one is due at once, rather than two.
            due = max(due + seconds + phase, loop_time())
            phase = 0.0
            await asyncio.sleep(due - loop_time())

    return pace

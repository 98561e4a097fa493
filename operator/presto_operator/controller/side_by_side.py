"""Calls that are made side by side, in bounded number and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_AT_ONCE = 20
"""Calls at the same time, for one cluster. The API server's client has a hundred connections for all of them."""
MOST_SECONDS = 30.0
"""One call has 20 s, so 20 that hang don't keep the others from being made."""


async def side_by_side(
    call: Callable[[Item], Awaitable[Result]], items: Sequence[Item], *, seconds: float = MOST_SECONDS
) -> list[Result | None]:
    """The result of the call for each of the items; None if it did not end in time, and was cancelled."""
    slots = asyncio.Semaphore(MOST_AT_ONCE)

    async def limited(item: Item) -> Result:
        async with slots:
            return await call(item)

    tasks = [asyncio.create_task(limited(item)) for item in items]
    if not tasks:
        return []
    try:
        await asyncio.wait(tasks, timeout=seconds)
    finally:
        late = [task for task in tasks if not task.done()]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    return [None if task in late else task.result() for task in tasks]

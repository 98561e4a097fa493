"""The work queue of the reconcile loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")

_logger = logging.getLogger(__name__)

_FIRST_RETRY_SECONDS = 1.0
_LONGEST_RETRY_SECONDS = 60.0


class WorkQueue(Generic[Key]):
    """Keys that wait for a look at them, each at most once, and none worked on by two at the same time.

    Asking for a key that already waits only brings it forward, so any number of events makes one pass. Asking for a
    key that is being worked on makes one more pass after this one. A pass that fails is made again, after a delay
    that doubles with each failure in a row.
    """

    def __init__(self, expected_errors: tuple[type[Exception], ...] = ()) -> None:
        """An error that is expected to happen now and then is logged without its stack."""
        self._expected_errors = expected_errors
        self._due: dict[Key, float] = {}
        self._urgent: set[Key] = set()
        self._working: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        """How many keys are due by now."""
        now = _now()
        return sum(1 for due in self._due.values() if due <= now)

    def add(self, key: Key, *, after_seconds: float = 0.0) -> None:
        """Ask for a pass over `key`, at once or after a while."""
        due = _now() + after_seconds
        if key not in self._due or due < self._due[key]:
            self._due[key] = due
            self._changed.set()

    def add_urgently(self, key: Key) -> None:
        """Ask for a pass over `key` at once, before all that are due: something goes whose time runs out."""
        self._urgent.add(key)
        self.add(key)

    async def work(self, reconcile: Callable[[Key], Awaitable[float | None]]) -> None:
        """Take keys as they fall due, forever. Several of these may run side by side.

        `reconcile` returns after how many seconds it wants to look again, or None for only when something happens.
        """
        while True:
            key = await self._next()
            try:
                again_after = await reconcile(key)
            except Exception as error:
                failures = self._failures.get(key, 0)
                self._failures[key] = failures + 1
                again_after = min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2 ** min(failures, 10))
                is_expected = isinstance(error, self._expected_errors)
                _logger.warning(
                    "%s: reconcile failed, retrying in %d s: %s", key, again_after, error, exc_info=not is_expected
                )
            else:
                self._failures.pop(key, None)
            finally:
                self.finish(key)
            if again_after is not None:
                self.add(key, after_seconds=again_after)

    def take(self) -> Key | None:
        """A key that is due, the urgent ones first, to be worked on until `finish`; None if there is none."""
        idle = self._idle()
        key = min(idle, key=lambda candidate: (candidate not in self._urgent, idle[candidate]), default=None)
        if key is None or idle[key] > _now():
            return None
        del self._due[key]
        self._urgent.discard(key)
        self._working.add(key)
        return key

    def finish(self, key: Key) -> None:
        """A key that was taken is no longer worked on."""
        self._working.discard(key)
        self._changed.set()

    def _idle(self) -> dict[Key, float]:
        return {key: due for key, due in self._due.items() if key not in self._working}

    async def _next(self) -> Key:
        while (key := self.take()) is None:
            first = min(self._idle().values(), default=None)
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), timeout=None if first is None else first - _now())
        return key


def _now() -> float:
    return asyncio.get_running_loop().time()

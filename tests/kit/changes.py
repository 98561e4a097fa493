"""Waiting for what a condition depends on to change, rather than asking again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from tests.harness.errors import WaitedInVainError
from tests.kit.kubernetes_api import KubernetesApi, Resource, Watch

Result = TypeVar("Result")


class Changes:
    """Reads collections, remembers which, and watches them while a condition over them is waited for."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api
        self._read: set[str] = set()
        self._watches: dict[str, Watch] = {}
        self._bell = threading.Event()

    def note(self, collection: str) -> None:
        """Take note that the objects at this path are being read."""
        self._read.add(collection)

    def wait_until(self, condition: Callable[[], Result], *, timeout: float, what: str) -> Result:
        """Evaluate `condition` now, and whenever something has changed in what it reads; its first truthy answer.

        Raises WaitedInVainError with `what` in it after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            self._bell.clear()
            self._read.clear()
            result = condition()
            if result:
                return result
            assert self._read, f"nothing that {what} depends on can be watched: use wait_until of the harness"
            # Between the reads and the start of a watch something may have changed.
            if self._watch_all_that_was_read():
                continue
            if not self._bell.wait(deadline - time.monotonic()):
                raise WaitedInVainError(f"waited {timeout:g} s for {what}, in vain")

    def close(self) -> None:
        """Watch nothing any more."""
        while self._watches:
            self._watches.popitem()[1].stop()

    def _watch_all_that_was_read(self) -> bool:
        """Whether a watch was started for it."""
        for path in [path for path, watch in self._watches.items() if watch.failure]:
            self._watches.pop(path).stop()
        missing = self._read - self._watches.keys()
        for path in missing:
            self._watches[path] = self._api.watch(path, self._ring)
        return bool(missing)

    def _ring(self, _: Resource) -> None:
        self._bell.set()

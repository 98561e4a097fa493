"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

from tests.harness.errors import WaitedInVainError

Result = TypeVar("Result")


def wait_until(
    condition: Callable[[], Result],
    *,
    timeout: float,
    what: str,
    interval: float = 0.1,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Result:
    """Ask `condition` every `interval` seconds until its answer is truthy, and return that answer.

    Raises WaitedInVainError with `what` in it after `timeout` seconds. Errors of the condition itself are not
    caught: a condition that may fail while things start has to say which failures are part of starting.
    """
    deadline = clock() + timeout
    while True:
        result = condition()
        if result:
            return result
        if clock() >= deadline:
            raise WaitedInVainError(f"waited {timeout:g} s for {what}, in vain")
        pause(interval)

"""Locks between processes: two commands at once must not build, allocate or tear down the same thing."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness.progress import say


@contextmanager
def file_lock(file: Path, what: str) -> Iterator[None]:
    """Hold the lock `file` while inside; whoever comes second is told what it waits for.

    The kernel lets go of it when the process dies, however it dies.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"    another process is busy with {what}: waiting for it ({file})")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def file_lock_if_free(file: Path) -> Iterator[bool]:
    """Hold the lock `file` while inside if nobody has it; yield whether it is held."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        except BlockingIOError:
            held = False
        yield held

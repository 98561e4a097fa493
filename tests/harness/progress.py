"""Telling the person at the keyboard what is being done, how long it has taken, and how long it may take."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

HEARTBEAT_SECONDS = 15.0
HEARTBEAT_END = " s so far"
"""The end of a line that only says that something still runs."""
# Steps of several nodes run at the same time: a line must come out whole.
_printing = threading.Lock()


def say(line: str) -> None:
    """Write one line of progress. It goes to stderr, so that a command's answer on stdout stays clean."""
    with _printing:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def cached(what: str) -> None:
    """Say that a long step was not needed."""
    say(f"==> {what}: cached")


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announce `what`, repeat the time elapsed while it runs, and say how long it took or that it failed."""
    say(f"==> {what} ...")
    begun = time.monotonic()
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            say(f"    {what}: {time.monotonic() - begun:.0f}{HEARTBEAT_END}")

    heart = threading.Thread(target=beat, name="heartbeat", daemon=True)
    heart.start()
    outcome = "failed after"
    try:
        yield
        outcome = "done in"
    finally:
        over.set()
        heart.join()
        say(f"    {what}: {outcome} {time.monotonic() - begun:.1f} s")

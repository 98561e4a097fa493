"""A command that runs beside others: its lines are marked, and it yields the processors to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from tests.harness.progress import HEARTBEAT_END

_NICENESS = "10"


@dataclass(frozen=True)
class End:
    """How a command ended: exit code, seconds, and the CPU seconds of its processes."""

    code: int
    seconds: float
    cpu_seconds: float


class BackgroundCommand:
    """A running command. Each line of its output goes to `output`, by default stdout, with `mark` before it.

    Lines for somebody who waits are left out: nobody waits for this one.
    """

    def __init__(self, command: Sequence[str], mark: str, output: TextIO | None = None) -> None:
        self._mark = mark
        self._output = output or sys.stdout
        self._begun = time.monotonic()
        self._end: End | None = None
        self._has_spoken = threading.Event()
        self._process = subprocess.Popen(
            ["nice", "-n", _NICENESS, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._follow, name=mark, daemon=True)
        self._reader.start()

    def _follow(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if not line.endswith(HEARTBEAT_END + "\n"):
                    self._output.write(f"{self._mark} | {line}")
                    self._output.flush()
                    self._has_spoken.set()
        _, status, usage = os.wait4(self._process.pid, 0)
        # Popen must not wait for it again.
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._end = End(
            self._process.returncode, time.monotonic() - self._begun, cpu_seconds=usage.ru_utime + usage.ru_stime
        )

    def wait_for_line(self) -> None:
        """Wait for the first line that it prints."""
        self._has_spoken.wait()

    def has_failed(self) -> bool:
        """Whether it has ended with an error."""
        return self._end is not None and self._end.code != 0

    def wait(self) -> End:
        """Wait for its end."""
        self._reader.join()
        assert self._end is not None
        return self._end

    def terminate(self) -> End:
        """End it with everything that it has started, if it still runs."""
        if self._reader.is_alive():
            os.killpg(self._process.pid, signal.SIGTERM)
        return self.wait()

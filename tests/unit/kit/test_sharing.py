"""Processes of one test run, and of another one, come and go: played by threads, since the locks are open files'."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kit.sharing import Facts, SharedByRun

_TIMEOUT_SECONDS = 20.0


class _Process:
    """Uses the shared thing until it is told to end; what happens is written into `history`."""

    def __init__(self, name: str, *, run: str, directory: Path, history: list[str]) -> None:
        self._name = name
        self._shared = SharedByRun(directory, "the thing", run)
        self._history = history
        self._facts: Facts = {}
        self._has_joined = threading.Event()
        self._is_to_end = threading.Event()
        self._thread = threading.Thread(target=self._use, daemon=True)
        self._thread.start()

    @contextmanager
    def _bring_up(self) -> Iterator[Facts]:
        self._history.append(f"{self._name} brings it up")
        yield {"by": self._name}
        self._history.append(f"{self._name} takes it down")

    def _use(self) -> None:
        with self._shared.use(self._bring_up) as self._facts:
            self._has_joined.set()
            self._is_to_end.wait(_TIMEOUT_SECONDS)
            self._history.append(f"{self._name} ends")

    def joined(self) -> Facts:
        assert self._has_joined.wait(_TIMEOUT_SECONDS)
        return self._facts

    def end(self) -> None:
        self._is_to_end.set()

    def wait(self) -> None:
        self._thread.join(_TIMEOUT_SECONDS)
        assert not self._thread.is_alive()


def test_the_first_process_takes_it_down_when_the_last_one_has_ended(tmp_path: Path) -> None:
    history: list[str] = []
    first = _Process("first", run="a", directory=tmp_path, history=history)
    assert first.joined() == {"by": "first"}
    second = _Process("second", run="a", directory=tmp_path, history=history)
    assert second.joined() == {"by": "first"}
    first.end()
    second.end()
    first.wait()
    second.wait()
    assert history[0] == "first brings it up"
    assert sorted(history[1:3]) == ["first ends", "second ends"]
    assert history[3:] == ["first takes it down"]


def test_another_run_waits_for_the_end_of_the_first_and_brings_up_its_own(tmp_path: Path) -> None:
    history: list[str] = []
    ours = _Process("ours", run="a", directory=tmp_path, history=history)
    ours.joined()
    theirs = _Process("theirs", run="b", directory=tmp_path, history=history)
    ours.end()
    ours.wait()
    assert theirs.joined() == {"by": "theirs"}
    theirs.end()
    theirs.wait()
    assert history == [
        "ours brings it up",
        "ours ends",
        "ours takes it down",
        "theirs brings it up",
        "theirs ends",
        "theirs takes it down",
    ]


def test_a_killed_run_holds_nobody_up(tmp_path: Path) -> None:
    program = f"""
import os
from contextlib import contextmanager
from pathlib import Path
from tests.kit.sharing import SharedByRun

@contextmanager
def bring_up():
    yield {{"by": "killed"}}

with SharedByRun(Path({str(tmp_path)!r}), "the thing", "a").use(bring_up):
    os._exit(9)
"""
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, timeout=60, check=False).returncode == 9
    history: list[str] = []
    next_one = _Process("next", run="b", directory=tmp_path, history=history)
    assert next_one.joined() == {"by": "next"}
    next_one.end()
    next_one.wait()


def test_what_could_not_be_brought_up_is_tried_by_the_next_process(tmp_path: Path) -> None:
    @contextmanager
    def fails() -> Iterator[Facts]:
        raise OSError("no room")
        yield {}

    shared = SharedByRun(tmp_path, "the thing", "a")
    with pytest.raises(OSError, match="no room"), shared.use(fails):
        pass
    history: list[str] = []
    second = _Process("second", run="a", directory=tmp_path, history=history)
    assert second.joined() == {"by": "second"}
    second.end()
    second.wait()

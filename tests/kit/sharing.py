"""What the processes of a test run share: the first brings it up, and takes it down when all have done with it."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.harness.locks import file_lock
from tests.harness.progress import say

Facts = Mapping[str, Any]
"""What those who didn't bring it up need to know of it, as JSON has it."""

BringUp = Callable[[], AbstractContextManager[Facts]]


@dataclass(frozen=True)
class SharedByRun:
    """Something that there is once on this machine, and that one test run at a time has.

    Its processes are each other's users; another run waits until the last of them has ended. All of this hangs on
    locks, which end with the processes that hold them: a killed run holds nobody up.
    """

    directory: Path
    what: str
    """Its name in messages."""
    run: str
    """The same in all processes of a test run, and in no other run."""

    @contextmanager
    def use(self, bring_up: BringUp) -> Iterator[Facts]:
        """Use it until the block ends.

        The first process enters `bring_up`, which has to remove what a killed run has left, and leaves it when no
        other process uses it any more.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "users.lock").open("a") as users:
            joined = self._join(users, bring_up)
            while joined is None:
                joined = self._join(users, bring_up)
            facts, owned = joined
            try:
                yield facts
            finally:
                if owned is not None:
                    self._end(users, owned)

    def _join(self, users: IO[str], bring_up: BringUp) -> tuple[Facts, AbstractContextManager[Facts] | None] | None:
        """What is known of it, and what has to be left at the end by this process; None: it was another run's."""
        with self._turn():
            if _try_to_lock_alone(users):
                owned = bring_up()
                facts = owned.__enter__()
                self._facts_file.write_text(json.dumps({"run": self.run, "facts": facts}))
                fcntl.flock(users, fcntl.LOCK_SH)
                return facts, owned
            known = json.loads(self._facts_file.read_text())
            if known["run"] == self.run:
                fcntl.flock(users, fcntl.LOCK_SH)
                return known["facts"], None
        say(f"    another run uses {self.what}: waiting for its end ({self.directory})")
        fcntl.flock(users, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_UN)
        return None

    def _end(self, users: IO[str], owned: AbstractContextManager[Facts]) -> None:
        # Whoever comes in this time has to bring it up anew, so it has to wait until that is possible.
        with self._turn():
            fcntl.flock(users, fcntl.LOCK_EX)
            owned.__exit__(None, None, None)

    def _turn(self) -> AbstractContextManager[None]:
        return file_lock(self.directory / "turn.lock", self.what)

    @property
    def _facts_file(self) -> Path:
        return self.directory / "facts.json"


def _try_to_lock_alone(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""Running a program of the machine: always with a timeout, and with an error that says what to do next."""

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tests.harness.errors import HarnessError

STDERR_LINES_IN_ERRORS = 15


class CommandError(HarnessError):
    """A program failed, was not there, or took too long."""


class Runner(Protocol):
    """How commands are run. Tests pass one of their own to see what would be run."""

    def __call__(
        self,
        command: Sequence[str | Path],
        *,
        timeout: float,
        stdin: str | None = None,
        check: bool = True,
        hint: str = "",
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end. See `run`."""
        ...


def run(
    command: Sequence[str | Path],
    *,
    timeout: float,
    stdin: str | None = None,
    check: bool = True,
    hint: str = "",
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `command` for at most `timeout` seconds and return its output as text.

    Raises CommandError when the program is missing or too slow, and, with `check`, when it exits with
    another code than 0. `hint` ends the message: what the reader should look at or do next.
    """
    words = [str(word) for word in command]
    try:
        completed = subprocess.run(
            words,
            # Without input of its own a program must not wait for the terminal's.
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            env=dict(environment) if environment is not None else None,
            cwd=directory,
        )
    except FileNotFoundError as error:
        raise CommandError(f"{words[0]} is not installed{_next(hint)}") from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"`{shlex.join(words)}` took longer than {timeout:g} s{_next(hint)}") from error
    if check and completed.returncode != 0:
        raise CommandError(failure_message(words, completed, hint))
    return completed


def failure_message(words: Sequence[str], completed: subprocess.CompletedProcess[str], hint: str = "") -> str:
    """Return the command, its exit code, and the last lines that it wrote."""
    said = (completed.stderr or completed.stdout or "").strip().splitlines()[-STDERR_LINES_IN_ERRORS:]
    last_words = "\n".join(f"    {line}" for line in said)
    return f"`{shlex.join(words)}` exited with {completed.returncode}\n{last_words}{_next(hint)}".rstrip()


def _next(hint: str) -> str:
    return f"\n  next: {hint}" if hint else ""

"""Running parts one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.parts.background import BackgroundCommand, End
from tests.parts.processor import ProcessorTimes
from tests.parts.table import Outcome


@dataclass(frozen=True)
class Part:
    """Something to run, and its budget in seconds on two cores; None where how long it takes says nothing."""

    name: str
    command: tuple[str, ...]
    budget: float | None = None


def run_parts(parts: Sequence[Part], fetch: BackgroundCommand) -> list[Outcome]:
    """Run parts one after the other until one fails, or what is fetched beside them does."""
    outcomes: list[Outcome] = []
    for part in parts:
        if fetch.has_failed():
            sys.stdout.write(f"{part.name} is not run: fetching failed, see the lines that begin with `fetch |`\n")
            return outcomes
        outcomes.append(run_part(part))
        if not outcomes[-1].passed:
            return outcomes
    return outcomes


def run_part(part: Part) -> Outcome:
    """Run one part, its output going where this program's goes."""
    begun, before = time.monotonic(), ProcessorTimes.now()
    sys.stdout.write(f"==> {part.name}\n")
    sys.stdout.flush()
    code = subprocess.run(part.command, check=False).returncode
    return Outcome(
        name=part.name,
        passed=code == 0,
        seconds=time.monotonic() - begun,
        cpu=ProcessorTimes.now().share_since(before),
        budget=part.budget,
    )


def fetch_outcome(end: End, parts: Sequence[Outcome]) -> Outcome:
    """What fetching took. One that still ran when a part failed was ended, and has not failed itself."""
    return Outcome(
        name="fetch, beside the others",
        passed=end.code == 0 or not all(part.passed for part in parts),
        seconds=end.seconds,
        cpu=end.cpu_seconds / end.seconds / (os.cpu_count() or 1),
    )

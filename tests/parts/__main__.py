"""`python -m tests.parts`: what `make test` runs."""

from __future__ import annotations

import os
import sys
import time

from tests.harness.choice import provider_for
from tests.parts.background import BackgroundCommand
from tests.parts.processor import ProcessorTimes
from tests.parts.provisions import User, are_cached
from tests.parts.run import Part, fetch_outcome, run_parts
from tests.parts.table import render, whole

# Who needs something first comes first.
USERS: tuple[User, ...] = ("api", "e2e")


def _make(*targets: str) -> tuple[str, ...]:
    return (os.environ.get("MAKE", "make"), "--no-print-directory", *targets)


def _fetch(*users: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.parts.fetch", *users)


PARTS = (
    Part("lint types layers", _make("lint", "types", "layers"), budget=60),
    Part("unit", _make("unit"), budget=120),
    # Warm, a second or two; cold, the rest of what is being fetched beside lint, types and unit tests.
    Part("waiting for what api needs", _fetch("api")),
    Part("api", _make("api"), budget=240),
    Part("waiting for what e2e needs", _fetch("e2e")),
    Part("e2e", _make("e2e"), budget=900),
)


def main() -> int:
    """Run the parts up to the first that fails; the exit code is 1 then."""
    provider = provider_for("auto").name
    cold = not all(are_cached(user, provider) for user in USERS)
    begun, before = time.monotonic(), ProcessorTimes.now()
    fetch = BackgroundCommand(_fetch(*USERS), "fetch")
    try:
        parts = run_parts(PARTS, fetch)
    finally:
        end = fetch.terminate()
    outcomes = [fetch_outcome(end, parts), *parts]
    outcomes.append(
        whole(outcomes, seconds=time.monotonic() - begun, cpu=ProcessorTimes.now().share_since(before), cold=cold)
    )
    sys.stdout.write(f"\n{render(outcomes)}\n")
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

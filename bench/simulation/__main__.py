"""`python -m bench.simulation`: random courses of events against the real passes, or one of them again."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict

import click

from tests.simulation.course import Outcome, Step, course_of, run_course, shrunk, steps_of
from tests.simulation.mutations import MUTATIONS
from tests.simulation.world import Tally

_CHUNK = 250
_PROCESSES = 2
_SHOWN = 20
"""How many failures are printed."""


def _played(seeds: range) -> tuple[Counter[str], list[tuple[int, str]]]:
    """The sums of these courses, and the seeds that failed with what they did."""
    sums: Counter[str] = Counter()
    failures = []
    for seed in seeds:
        outcome = run_course(course_of(seed))
        sums.update(asdict(outcome.tally))
        if outcome.violation is not None:
            failures.append((seed, str(outcome.violation)))
    return sums, failures


def _chunks(first: int, count: int) -> Iterator[range]:
    for begin in range(first, first + count, _CHUNK):
        yield range(begin, min(begin + _CHUNK, first + count))


def _play_many(first: int, count: int) -> int:
    """Play courses side by side, show how far they are, and print the table; returns how many failed."""
    begun = time.monotonic()
    sums: Counter[str] = Counter()
    failures: list[tuple[int, str]] = []
    done = 0
    with ProcessPoolExecutor(_PROCESSES) as pool:
        chunks = list(_chunks(first, count))
        for chunk, (of_chunk, failed) in zip(chunks, pool.map(_played, chunks), strict=True):
            sums.update(of_chunk)
            failures += failed
            done += len(chunk)
            seconds = time.monotonic() - begun
            left = seconds / done * (count - done)
            click.echo(f"{done:>8,} of {count:,} courses, {len(failures)} failed, {left:.0f} s left", err=True)
    click.echo(_table(sums, count, len(failures), time.monotonic() - begun))
    for seed, what in failures[:_SHOWN]:
        click.echo(f"seed {seed}: {what}")
    if failures:
        click.echo(f"\nReplay one with: python -m bench.simulation --seed {failures[0][0]} --verbose")
    return len(failures)


def _table(sums: Counter[str], courses: int, failed: int, seconds: float) -> str:
    words = {
        "steps": "things that happened",
        "passes": "passes",
        "writes": "writes of the operator",
        "restarts": "starts of the operator",
        "checks": "checks of invariants",
    }
    rows = [("courses", courses), *((text, sums[name]) for name, text in words.items()), ("failed", failed)]
    return "\n".join([*(f"{text:28}{number:>14,}" for text, number in rows), f"{'seconds':28}{seconds:>14,.0f}"])


def _replay(steps: list[Step], *, verbose: bool, shrink: bool) -> Outcome:
    outcome = run_course(steps, click.echo if verbose and not shrink else lambda _: None)
    if shrink and outcome.violation is not None:
        outcome = shrunk(outcome)
        run_course(outcome.steps, click.echo if verbose else lambda _: None)
        click.echo("--steps '" + " ".join(f"{step.action}:{step.seed}" for step in outcome.steps) + "'")
    tally: Tally = outcome.tally
    click.echo(f"{tally.steps} steps, {tally.passes} passes, {tally.checks} checks: {outcome.violation or 'all hold'}")
    return outcome


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seed", type=int, help="Play this course only.")
@click.option("--steps", help="Play these steps only, as printed by --shrink.")
@click.option("--verbose", is_flag=True, help="Print what happens in the course, and each write of the operator.")
@click.option("--shrink", is_flag=True, help="Leave out the steps that the failure doesn't need.")
@click.option("--mutation", type=click.Choice(sorted(MUTATIONS)), help="Put this former defect back first.")
@click.option("--first", type=int, default=0, show_default=True, help="The seed of the first course.")
@click.option("--courses", type=int, default=200_000, show_default=True, help="How many courses to play.")
def main(
    *,
    seed: int | None,
    steps: str | None,
    verbose: bool,
    shrink: bool,
    mutation: str | None,
    first: int,
    courses: int,
) -> None:
    """Play random courses of events against the real passes, in a simulated Kubernetes, and check the invariants."""
    if seed is None and steps is None:
        sys.exit(1 if _play_many(first, courses) else 0)
    try:
        course = course_of(seed) if seed is not None else steps_of(steps or "")
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--steps") from wrong
    if mutation is None:
        outcome = _replay(course, verbose=verbose, shrink=shrink)
    else:
        with MUTATIONS[mutation].applied():
            outcome = _replay(course, verbose=verbose, shrink=shrink)
    sys.exit(1 if outcome.violation is not None else 0)


if __name__ == "__main__":
    main()

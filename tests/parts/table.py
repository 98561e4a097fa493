"""The table of parts: seconds and processor, beside what each was meant to take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

COLUMNS = ("part", "result", "seconds", "budget", "CPU")
WARM_SECONDS = 1500.0
COLD_SECONDS = 2700.0
"""Budgets of the whole: with a cache that has everything, and with one that lacks what takes long to make."""


@dataclass(frozen=True)
class Outcome:
    """What a part took. `cpu` is the share of the machine's processors that was busy meanwhile, from 0 to 1.

    Other programs of the machine count as well. `budget` is in seconds, None for a part that has none.
    """

    name: str
    passed: bool
    seconds: float
    cpu: float
    budget: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether it took longer than it was meant to."""
        return self.budget is not None and self.seconds > self.budget


def whole(parts: Sequence[Outcome], *, seconds: float, cpu: float, cold: bool) -> Outcome:
    """The run as a whole; it passed if every part of it did."""
    return Outcome(
        name=f"whole, {'cold' if cold else 'warm'}",
        passed=all(part.passed for part in parts),
        seconds=seconds,
        cpu=cpu,
        budget=COLD_SECONDS if cold else WARM_SECONDS,
    )


def render(outcomes: Sequence[Outcome]) -> str:
    """The table, with a sentence for each part that is over its budget."""
    rows = [COLUMNS, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    over = [outcome for outcome in outcomes if outcome.is_over]
    lines += [
        f"{outcome.name} took {outcome.seconds - (outcome.budget or 0):.0f} s more than its budget" for outcome in over
    ]
    return "\n".join(lines)


def _row(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.name,
        "passed" if outcome.passed else "FAILED",
        f"{outcome.seconds:.0f}",
        "" if outcome.budget is None else f"{outcome.budget:.0f}",
        f"{outcome.cpu:.0%}",
    )

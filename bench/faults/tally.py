"""What became of the queries of a scenario. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.percentile import percentile


@dataclass(frozen=True)
class Outcome:
    """What became of one query."""

    question: str
    is_long: bool
    seconds: float
    """From the request to the last row, or to the failure."""
    query_ids: tuple[str, ...]
    """Presto's ids of it, in order. Each time that Presto runs it again it has another one."""
    failure: str | None
    """Presto's error code, or what the client or this program made of it; None: it was answered right."""
    had_rows: bool
    """Whether its client had got rows of it: then Presto can't run it again."""

    @property
    def retries(self) -> int:
        """How often Presto ran it again."""
        return max(0, len(self.query_ids) - 1)


@dataclass(frozen=True)
class Tally:
    """The queries of a scenario, counted."""

    queries: int
    failed: dict[str, int]
    """By error code."""
    failed_after_rows: int
    """Of these, those whose client had got rows."""
    retried: int
    """Queries that Presto ran again, however often."""
    p50_seconds: float | None
    p95_seconds: float | None
    long_queries: int
    long_p50_seconds: float | None

    @property
    def failures(self) -> int:
        """All that failed."""
        return sum(self.failed.values())


def tally(outcomes: Sequence[Outcome]) -> Tally:
    """Count what became of them. Latencies are those of the queries that were answered."""
    failed = [outcome for outcome in outcomes if outcome.failure is not None]
    answered = [outcome for outcome in outcomes if outcome.failure is None]
    seconds = [outcome.seconds for outcome in answered]
    return Tally(
        queries=len(outcomes),
        failed=dict(Counter(outcome.failure or "" for outcome in failed).most_common()),
        failed_after_rows=sum(outcome.had_rows for outcome in failed),
        retried=sum(outcome.retries > 0 for outcome in outcomes),
        p50_seconds=percentile(seconds, 50),
        p95_seconds=percentile(seconds, 95),
        long_queries=sum(outcome.is_long for outcome in outcomes),
        long_p50_seconds=percentile([outcome.seconds for outcome in answered if outcome.is_long], 50),
    )

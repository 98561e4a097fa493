"""What a scenario has come to, and all of them as JSON and as a table. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bench.faults.scenario import SCENARIOS, Keeper, Reclaim, Scenario, in_words, quiet_scenario
from bench.faults.tally import Outcome, Tally, tally
from bench.faults.timeline import Timeline

HEADINGS = (
    "scenario",
    "queries",
    "failed",
    "run again by Presto",
    "p50, p95 to quiet",
    "SHUTTING_DOWN after",
    "replaced after",
    "left in time",
)


@dataclass(frozen=True)
class Result:
    """What a scenario has come to. Seconds count from the signal: the taint, the change asked for, the kill."""

    name: str
    keeper: str
    what: str
    is_held: bool
    notice_seconds: float | None
    queries: Tally
    retried_for: dict[str, int]
    """Error codes of the attempts that Presto itself made up for; UNKNOWN where it no longer knew."""
    leaving_seconds: list[float]
    """Until a worker's deletionTimestamp was seen, each worker."""
    shutting_down_seconds: list[float]
    """Until a worker's Presto said that it shuts down, each worker."""
    replaced_seconds: float | None
    workers: int
    """How many had to go."""
    left_in_time: int | None
    """How many of these were gone before their node was; None: no node was killed."""
    notes: list[str]
    took_seconds: float
    measured: str
    """When it was played, in UTC."""

    @property
    def broken(self) -> int:
        """How many queries failed that were not to: all, or those without rows where time didn't hold."""
        return self.queries.failures - (0 if self.is_held else self.queries.failed_after_rows)


def result(
    scenario: Scenario,
    outcomes: Sequence[Outcome],
    timeline: Timeline,
    retried_for: Mapping[str, int],
    took_seconds: float,
    now: datetime,
) -> Result:
    """Put together what was seen of a scenario."""
    return Result(
        name=scenario.name,
        keeper=scenario.keeper.value,
        what=in_words(scenario.fault),
        is_held=scenario.is_held,
        notice_seconds=scenario.fault.cloud.seconds if isinstance(scenario.fault, Reclaim) else None,
        queries=tally(outcomes),
        retried_for=dict(retried_for),
        leaving_seconds=timeline.seconds_to_leaving(),
        shutting_down_seconds=timeline.seconds_to_shutdown(),
        replaced_seconds=timeline.seconds_to(timeline.replaced_at),
        workers=len(timeline.concerned),
        left_in_time=timeline.left_in_time(),
        notes=list(timeline.notes),
        took_seconds=took_seconds,
        measured=now.isoformat(timespec="seconds"),
    )


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The results as JSON has them, with the ratios of their latencies to those of quiet."""
    quiet = _quiet(results)
    return [{**_rounded(asdict(each)), "to_quiet": _rounded(_ratios(each, quiet.get(each.keeper)))} for each in results]


def from_json(rows: Sequence[Mapping[str, Any]]) -> list[Result]:
    """The results that `as_json` has made such rows of."""
    return [
        Result(
            **{**{name: value for name, value in row.items() if name != "to_quiet"}, "queries": Tally(**row["queries"])}
        )
        for row in rows
    ]


def merged(former: Sequence[Result], played: Sequence[Result]) -> list[Result]:
    """The results of each scenario, in the scenarios' order; those that were played now replace former ones."""
    newest = {each.name: each for each in (*former, *played)}
    return [newest[scenario.name] for scenario in SCENARIOS if scenario.name in newest]


def table(results: Sequence[Result]) -> str:
    """The results as a table that reads well in a terminal, and in Markdown."""
    quiet = _quiet(results)
    rows = [HEADINGS, *(_cells(each, quiet.get(each.keeper)) for each in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _quiet(results: Sequence[Result]) -> dict[str, Result]:
    names = {quiet_scenario(keeper).name for keeper in Keeper}
    return {each.keeper: each for each in results if each.name in names}


def _ratios(each: Result, quiet: Result | None) -> dict[str, float | None]:
    if quiet is None:
        return {"p50": None, "p95": None, "long_p50": None}
    return {
        "p50": _ratio(each.queries.p50_seconds, quiet.queries.p50_seconds),
        "p95": _ratio(each.queries.p95_seconds, quiet.queries.p95_seconds),
        "long_p50": _ratio(each.queries.long_p50_seconds, quiet.queries.long_p50_seconds),
    }


def _ratio(value: float | None, reference: float | None) -> float | None:
    return None if value is None or not reference else value / reference


def _cells(each: Result, quiet: Result | None) -> tuple[str, ...]:
    ratios = _ratios(each, quiet)
    return (
        each.what if each.keeper == Keeper.OPERATOR.value else f"plain: {each.what}",
        str(each.queries.queries),
        _failed(each.queries),
        _counted(each.queries.retried, each.retried_for),
        f"{_number(ratios['p50'])}, {_number(ratios['p95'])}",
        f"{max(each.shutting_down_seconds):.1f} s" if each.shutting_down_seconds else "-",
        "-" if each.replaced_seconds is None else f"{each.replaced_seconds:.0f} s",
        "-" if each.left_in_time is None else f"{each.left_in_time} of {each.workers}",
    )


def _failed(queries: Tally) -> str:
    text = _counted(queries.failures, queries.failed)
    return f"{text}, {queries.failed_after_rows} of them after rows" if queries.failed_after_rows else text


def _counted(total: int, by_code: Mapping[str, int]) -> str:
    return f"{total} ({', '.join(f'{code} {count}' for code, count in by_code.items())})" if by_code else str(total)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _rounded(value: Any) -> Any:
    """With numbers to the hundredth: more would say what was not measured."""
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value

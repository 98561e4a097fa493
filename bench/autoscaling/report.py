"""The outcome as a table, and as JSON."""

from __future__ import annotations

import dataclasses
import json

from bench.autoscaling.contest import CLAIRVOYANT, OURS, Contest, Result

_HEADER = (
    "",
    "node-hours",
    "x bound",
    "wait p50",
    "wait p95",
    "wait p99",
    "delay p95",
    "delay p99",
    "ups",
    "downs",
    "hit",
)


def table(contest: Contest) -> str:
    """What is printed."""
    rows = [_HEADER, *(_row(result) for result in contest.results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    title = (
        f"{contest.queries} queries (seed {contest.seed}): p50 {contest.duration_p50:.1f} s, "
        f"p95 {contest.duration_p95:.1f} s, p99 {contest.duration_p99:.0f} s, max {contest.duration_max:.0f} s; "
        f"{contest.work_hours:.0f} worker-hours of work"
    )
    lines = []
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]))
    return "\n".join([title, "", *lines, "", *_verdicts(contest)])


def _row(result: Result) -> tuple[str, ...]:
    return (
        result.name,
        f"{result.node_hours:.0f}",
        f"{result.over_clairvoyant:.2f}",
        *(
            f"{seconds:.1f} s"
            for seconds in (
                result.wait_p50,
                result.wait_p95,
                result.wait_p99,
                result.delay_p95,
                result.delay_p99,
            )
        ),
        str(result.scale_ups),
        str(result.scale_downs),
        str(result.queries_hit),
    )


def _verdicts(contest: Contest) -> list[str]:
    """Each of the others held against ours, and against the thrifty one where ours costs more: said whoever wins."""
    ours, *thriftier = [result for result in contest.results if result.name.startswith(OURS)]
    lines = [f"{ours.name}: {ours.over_clairvoyant:.2f} times the clairvoyant's node-hours"]
    for other in contest.results:
        if other.name == CLAIRVOYANT or other in (ours, *thriftier):
            continue
        lines += [
            f"{mine.name} against {other.name}: {100 * (mine.node_hours / other.node_hours - 1):+.0f}% node-hours, "
            f"{_standing(mine, other)}"
            for mine in (ours, *(thriftier if ours.node_hours > other.node_hours else ()))
        ]
    return lines


def _standing(mine: Result, other: Result) -> str:
    pairs = {
        "node-hours": (mine.node_hours, other.node_hours),
        "wait p50": (mine.wait_p50, other.wait_p50),
        "wait p95": (mine.wait_p95, other.wait_p95),
        "wait p99": (mine.wait_p99, other.wait_p99),
        "delay p95": (mine.delay_p95, other.delay_p95),
        "delay p99": (mine.delay_p99, other.delay_p99),
    }
    worse = [name for name, (one, another) in pairs.items() if round(one, 1) > round(another, 1)]
    return f"worse in {', '.join(worse)}" if worse else "worse in nothing"


def as_json(contest: Contest) -> str:
    """All that was found out, the course of the day included."""
    return json.dumps(dataclasses.asdict(contest), indent=1)

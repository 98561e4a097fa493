"""`python -m bench.autoscaling`: a day of queries in about a minute, for each way to scale a cluster."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bench.autoscaling.contest import held
from bench.autoscaling.report import as_json, table

_DESCRIPTION = """\
Plays one generated day of queries on simulated clusters that differ only in who decides how many workers there are, and
prints what each costs and how long its queries wait. presto-operator's rows are the operator's own decision code, with
a clock that is played, too. See README.md beside this file for what is played, and what the columns mean.
"""


def main() -> None:
    """Play the day, print the table, write what was asked for."""
    arguments = argparse.ArgumentParser(prog="python -m bench.autoscaling", description=_DESCRIPTION)
    arguments.add_argument("--seed", type=int, default=7, help="another day with the same statistics")
    arguments.add_argument("--queries", type=int, default=24_000, help="queries in the day")
    arguments.add_argument("--processes", type=int, default=2, help="days that are played at the same time")
    arguments.add_argument("--json", type=Path, help="write all numbers to this file")
    arguments.add_argument("--picture", type=Path, help="draw the day to this file (.png, .svg or .pdf)")
    chosen = arguments.parse_args()
    start = time.monotonic()
    contest = held(chosen.seed, chosen.queries, chosen.processes)
    print(table(contest))
    for path in (chosen.json, chosen.picture):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
    if chosen.json is not None:
        chosen.json.write_text(as_json(contest))
    if chosen.picture is not None:
        from bench.autoscaling.picture import draw  # noqa: PLC0415 - needed only here, and slow to load

        draw(contest, chosen.picture)
    print(f"\n{time.monotonic() - start:.0f} s" + (f", drawn in {chosen.picture}" if chosen.picture else ""))


if __name__ == "__main__":
    main()

"""`make bench-faults`."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from bench.faults.attempts import retried_for
from bench.faults.diary import Diary
from bench.faults.load import LONG_CLIENTS, SHORT_CLIENTS, Load
from bench.faults.picture import picture
from bench.faults.play import Play
from bench.faults.presto import NAME, Presto, start, stop, wait_for_active_workers
from bench.faults.result import Result, as_json, from_json, merged, result, table
from bench.faults.scenario import SCENARIOS, WORKERS, Keeper, Scenario, in_words
from bench.faults.stage import CLUSTER, Stage, take_down
from tests.harness.choice import provider_for
from tests.harness.errors import HarnessError
from tests.harness.progress import say, step

_NAMES = tuple(scenario.name for scenario in SCENARIOS)
_RESULTS = Path("bench") / "results" / "faults.json"
"""Relative to the checkout's root, which is where `make` runs."""


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--only",
    "wanted",
    multiple=True,
    metavar="SCENARIO",
    type=click.Choice(_NAMES),
    help=f"Play just this scenario; may be given several times. One of: {', '.join(_NAMES)}. "
    "Latencies are compared with those of `quiet`, and `plain-quiet`, only if these are played, too.",
)
@click.option("--queries", type=click.IntRange(min=1), default=200, show_default=True, help="At least, per scenario.")
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the results go as JSON. What it has of scenarios that are not played stays, and is in the table, too.  "
    f"[default: {_RESULTS}, if all scenarios are played]",
)
@click.option(
    "--picture",
    "image",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where a picture of the failed queries goes, as SVG.  [default: none]",
)
@click.option("--keep", is_flag=True, help=f"Leave the cluster up: `make cluster-down CLUSTER={CLUSTER}` removes it.")
def main(wanted: tuple[str, ...], queries: int, file: Path | None, image: Path | None, *, keep: bool) -> None:
    """Run real queries on a real Presto while its nodes are reclaimed, killed, drained and rolled.

    Seven real nodes, four workers on spot nodes and two spare ones, a load of short and long queries of TPC-H whose
    answers are checked, and one fault a scenario. The deadlines alone take eight minutes of it. Progress
    goes to stderr, the table to stdout. It ends with code 1 if a query failed that the operator promises to
    keep: any at all where the notice is long enough for a drain, else any whose client had got no row yet.
    """
    scenarios = [scenario for scenario in SCENARIOS if not wanted or scenario.name in wanted]
    target = file or (None if wanted else _RESULTS)
    started = time.monotonic()
    former = from_json(json.loads(file.read_text())["scenarios"]) if file is not None and file.exists() else []
    try:
        take_down()
        played = play_all(Stage(provider_for("auto")), scenarios, queries, lambda some: write(target, former, some))
    except HarnessError as error:
        raise click.ClickException(str(error)) from error
    finally:
        if not keep:
            take_down()
    results = merged(former, played)
    click.echo(table(results))
    if image is not None:
        image.write_text(picture(results))
    say(f"The whole bench took {time.monotonic() - started:.0f} s.")
    broken = [each for each in played if each.keeper == Keeper.OPERATOR.value and each.broken]
    for each in broken:
        click.echo(f"{each.name}: {each.broken} queries failed that were not to: {each.queries.failed}", err=True)
    sys.exit(1 if broken else 0)


def play_all(
    stage: Stage, scenarios: list[Scenario], queries: int, keep: Callable[[list[Result]], None]
) -> list[Result]:
    """Play them one after the other, those of one Presto after those of the other: there is room for one.

    After each, `keep` is called with what there is: a run that is cut short has then not been for nothing.
    """
    results: list[Result] = []
    for keeper in Keeper:
        own = [scenario for scenario in scenarios if scenario.keeper is keeper]
        if not own:
            continue
        with step(f"Presto with {WORKERS} workers, kept by: {keeper.value}"):
            presto = start(stage.cluster, keeper)
        with step("warming up"), stage.cluster.reach_service(presto.namespace.name, NAME, 8080) as base_url:
            wait_for_active_workers(base_url)
            Load(base_url, source="warm-up").warm_up()
        for number, scenario in enumerate(own, start=1):
            with step(f"{keeper.value} {number} of {len(own)}: {scenario.name}: {in_words(scenario.fault)}"):
                results.append(play(stage, presto, scenario, queries))
            say(f"    {summary(results[-1])}")
            keep(results)
            stage.restore()
            presto.scale(WORKERS)
            presto.wait_until_settled()
        stop(stage.cluster, keeper)
    return results


def play(stage: Stage, presto: Presto, scenario: Scenario, queries: int) -> Result:
    """Play a scenario on a Presto that is whole."""
    begun = time.monotonic()
    diary = Diary(stage.cluster, presto.namespace.name, presto.selector)
    with stage.cluster.reach_service(presto.namespace.name, NAME, 8080) as base_url, diary.kept():
        wait_for_active_workers(base_url)
        load = Load(base_url, source=scenario.name)
        play = Play(stage, presto, load, diary, queries)
        with load.running():
            play.run(scenario.fault)
        outcomes = load.outcomes()
        codes = retried_for(base_url, outcomes)
    return result(scenario, outcomes, play.timeline, codes, time.monotonic() - begun, datetime.now(UTC))


def summary(each: Result) -> str:
    """A line about a scenario that was played."""
    tally = each.queries
    return (
        f"{tally.queries} queries ({tally.long_queries} long), {tally.failures} failed {tally.failed or ''}, "
        f"{tally.retried} run again {each.retried_for or ''}"
    )


def write(target: Path | None, former: list[Result], played: list[Result]) -> None:
    """Write what there is, if it is to be written."""
    if target is None:
        return
    document = {
        "machine": {"processors": os.cpu_count(), "system": platform.system()},
        "presto": "0.287",
        "workers": WORKERS,
        "clients": {"short": SHORT_CLIENTS, "long": LONG_CLIENTS},
        "scenarios": as_json(merged(former, played)),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()

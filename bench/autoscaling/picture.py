"""The day as a picture: for each of them, what was needed and what was paid for."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from bench.autoscaling.contest import Contest

_COLUMNS = 2


def draw(contest: Contest, path: Path) -> None:
    """Draw it as PNG, SVG or PDF, by the file's name."""
    rows = -(-len(contest.results) // _COLUMNS)
    figure = Figure(figsize=(15, 2.9 * rows), layout="constrained")
    axes = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
    most = max(moment.paid for result in contest.results for moment in result.timeline)
    for place, result in enumerate(contest.results):
        plot = axes[place // _COLUMNS][place % _COLUMNS]
        hours = [moment.at / 3600 for moment in result.timeline]
        plot.fill_between(
            hours, [moment.demand for moment in result.timeline], color="0.75", linewidth=0, label="workers of use"
        )
        plot.plot(
            hours, [moment.paid for moment in result.timeline], color="tab:blue", linewidth=1, label="workers paid for"
        )
        plot.set_title(
            f"{result.name}: {result.node_hours:.0f} node-hours, wait p99 {result.wait_p99:.1f} s, "
            f"delay p99 {result.delay_p99:.0f} s",
            fontsize=10,
        )
        plot.set_xlim(0, 24)
        plot.set_ylim(0, most * 1.2)
        plot.set_xticks(range(0, 25, 4))
    axes[0][0].legend(loc="upper left", fontsize=8)
    for plot in axes[-1]:
        plot.set_xlabel("hour of the day")
    figure.savefig(path, dpi=110)

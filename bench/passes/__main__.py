"""`python -m bench.passes`: what one pass over an unchanged cluster of ten workers costs, beside another commit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
_SCRIPT = Path(__file__).with_name("measure.py")
_TIMEOUT = 300
_ROWS = {
    "cpu_ms": "CPU of a pass, ms",
    "renders": "renders of the generation",
    "node_signals": "evaluations of node signals (11 pods)",
    "modules": "modules that it enters",
    "returns": "returns to a module that it had left",
    "writes": "writes to the API server",
}


def measured(checkout: Path) -> dict[str, float]:
    """The figures of a checkout."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(checkout / part) for part in ("operator", "."))}
    ended = subprocess.run(
        [sys.executable, _SCRIPT],
        cwd=checkout,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=_TIMEOUT,
    )
    figures: dict[str, float] = json.loads(ended.stdout)
    return figures


def measured_at(commit: str) -> dict[str, float]:
    """The figures of a commit of this repository, in a work tree that is removed again."""
    with tempfile.TemporaryDirectory(prefix="bench-pass-") as directory:
        checkout = Path(directory) / "checkout"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", checkout, commit], check=True, timeout=60)
        try:
            return measured(checkout)
        finally:
            subprocess.run([*git, "remove", "--force", checkout], check=True, timeout=60)


def table(now: dict[str, float], before: dict[str, float] | None) -> str:
    """The figures, a line each: before, now and their ratio."""
    lines = [f"{'':42}{'before' if before else '':>10}{'now':>10}{'ratio' if before else '':>10}"]
    for key, words in _ROWS.items():
        former = before[key] if before else None
        ratio = f"{now[key] / former:.2f}" if former else ""
        lines.append(f"{words:42}{'' if former is None else f'{former:g}':>10}{now[key]:>10g}{ratio:>10}")
    return "\n".join(lines)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--before", metavar="COMMIT", help="Measure this commit, too, and print the ratio.")
def main(before: str | None) -> None:
    """Measure a pass over an unchanged cluster of ten workers, by the reconcile loop in memory."""
    former = measured_at(before) if before else None
    click.echo(table(measured(ROOT), former))


if __name__ == "__main__":
    main()

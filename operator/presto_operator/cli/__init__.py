"""The command `presto-operator`."""

from __future__ import annotations

import click

from presto_operator import __version__
from presto_operator.cli.crd import crd
from presto_operator.cli.explain import explain
from presto_operator.cli.render import render
from presto_operator.cli.run import run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Run Presto clusters on Kubernetes, and inspect them."""


main.add_command(run)
main.add_command(explain)
main.add_command(render)
main.add_command(crd)

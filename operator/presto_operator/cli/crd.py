"""`presto-operator crd`."""

from __future__ import annotations

import click

from presto_operator.api import crd as definition
from presto_operator.cli.yaml import dump


@click.command()
def crd() -> None:
    """Print the CustomResourceDefinition of PrestoCluster.

    To install it without the Helm chart:

        presto-operator crd | kubectl apply --server-side -f -
    """
    click.echo(dump([definition()]), nl=False)

"""`presto-operator crd`."""

from __future__ import annotations

import click

from presto_operator.api import crd as definition
from presto_operator.cli.yaml import dump


@click.command()
def crd() -> None:
    """Print the CustomResourceDefinition of PrestoCluster.

    It is generated from the models that the operator validates with:

        presto-operator crd | kubectl apply --server-side -f -
    """
    click.echo(dump([definition()]), nl=False)

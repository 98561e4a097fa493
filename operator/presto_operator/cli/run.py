"""`presto-operator run`."""

from __future__ import annotations

import asyncio
import os

import click

from presto_operator import controller
from presto_operator.nodes import configured_taints
from presto_operator.telemetry.logging import LogFormat, configure_logging


@click.command()
@click.option(
    "-n",
    "--namespace",
    "namespaces",
    multiple=True,
    envvar="PRESTO_OPERATOR_NAMESPACES",
    help="Namespace whose PrestoClusters are managed; may be repeated.  [default: all namespaces]",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    default=8081,
    show_default=True,
    envvar="PRESTO_OPERATOR_METRICS_PORT",
    help="Port of /healthz, /readyz and /metrics.",
)
@click.option(
    "--leaving-taint",
    "leaving_taints",
    multiple=True,
    metavar="KEY",
    envvar="PRESTO_OPERATOR_LEAVING_TAINTS",
    help="Key of a further taint by which a node announces that it is going away; may be repeated.",
)
@click.option(
    "--at-risk-taint",
    "at_risk_taints",
    multiple=True,
    metavar="KEY",
    envvar="PRESTO_OPERATOR_AT_RISK_TAINTS",
    help="Key of a further taint by which a node announces that it may go away; may be repeated.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="PRESTO_OPERATOR_LOG_FORMAT",
    help="Format of log lines: text for people, json for a log store.",
)
@click.option(
    "--debug",
    is_flag=True,
    envvar="PRESTO_OPERATOR_DEBUG",
    help="Also log debug messages, including those of kopf, the framework.",
)
def run(
    namespaces: tuple[str, ...],
    metrics_port: int,
    leaving_taints: tuple[str, ...],
    at_risk_taints: tuple[str, ...],
    log_format: LogFormat,
    *,
    debug: bool,
) -> None:
    """Run the operator.

    In a pod it uses the pod's ServiceAccount. Elsewhere it uses the current context of your kubeconfig, and reaches
    Presto through the API server.
    """
    # kopf wants a user's name, and a container's user id has none.
    os.environ.setdefault("USER", "presto-operator")
    configure_logging(log_format, debug=debug)
    extra_taints = configured_taints(leaving_taints, at_risk_taints)
    asyncio.run(controller.run(namespaces=namespaces, metrics_port=metrics_port, extra_taints=extra_taints))

"""`presto-operator run`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click
from kubernetes.aio.config import ConfigException
from pydantic import ValidationError

from presto_operator import controller
from presto_operator.api import TenantPolicy
from presto_operator.cli.duration import Duration, duration_text
from presto_operator.cli.policy import policy_options
from presto_operator.nodes import configured_taints
from presto_operator.settings import Settings
from presto_operator.telemetry import LogFormat, configure_logging


def _settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each of the operator's settings."""
    for name, field in reversed(Settings.model_fields.items()):
        command = click.option(
            f"--{name.replace('_', '-')}",
            type=Duration() if field.annotation is timedelta else click.IntRange(min=1),
            default=duration_text(field.default) if isinstance(field.default, timedelta) else field.default,
            show_default=True,
            help=field.description,
        )(command)
    return command


@click.command(context_settings={"auto_envvar_prefix": "PRESTO_OPERATOR", "show_default": True})
@click.option(
    "-n",
    "--namespace",
    "namespaces",
    multiple=True,
    help="Namespace whose PrestoClusters are managed; may be repeated.  [default: all namespaces]",
)
@click.option(
    "--exclude-namespace",
    "excluded_namespaces",
    multiple=True,
    metavar="PATTERN",
    help="Namespace to ignore, because another operator manages it (* and ? are wildcards); may be repeated.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    default=8081,
    show_default=True,
    help="Port of /healthz, /readyz and /metrics.",
)
@click.option(
    "--leaving-taint",
    "leaving_taints",
    multiple=True,
    metavar="KEY",
    help="Key of a further taint by which a node announces that it is going away; may be repeated.",
)
@click.option(
    "--at-risk-taint",
    "at_risk_taints",
    multiple=True,
    metavar="KEY",
    help="Key of a further taint by which a node announces that it may go away; may be repeated.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of log lines: text for people, json for a log store.",
)
@click.option(
    "--debug",
    is_flag=True,
    help="Also log debug messages, including those of kopf, the framework.",
)
@policy_options
@_settings_options
def run(  # noqa: PLR0913 - an option each
    namespaces: tuple[str, ...],
    excluded_namespaces: tuple[str, ...],
    metrics_port: int,
    leaving_taints: tuple[str, ...],
    at_risk_taints: tuple[str, ...],
    log_format: LogFormat,
    *,
    debug: bool,
    policy: TenantPolicy,
    **settings: Any,
) -> None:
    """Run the operator.

    In a pod it uses the pod's ServiceAccount. Elsewhere it uses the current context of your kubeconfig, and reaches
    Presto through the API server. Each option can also be set by an environment variable, for example
    PRESTO_OPERATOR_METRICS_PORT for --metrics-port.
    """
    # kopf wants a user's name, and a container's user id has none.
    os.environ.setdefault("USER", "presto-operator")
    configure_logging(log_format, debug=debug)
    extra_taints = configured_taints(leaving_taints, at_risk_taints)
    running = controller.run(
        scope=controller.Scope(namespaces, excluded_namespaces, policy),
        metrics_port=metrics_port,
        extra_taints=extra_taints,
        settings=_settings(settings),
    )
    try:
        asyncio.run(running)
    except ConfigException as error:
        raise click.ClickException(
            f"there is neither a pod's ServiceAccount nor a usable kubeconfig: {error}"
        ) from error


def _settings(values: dict[str, Any]) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as invalid:
        error = invalid.errors(include_url=False)[0]
        option = f"--{str(error['loc'][0]).replace('_', '-')}"
        raise click.BadParameter(error["msg"], param_hint=f"'{option}'") from invalid

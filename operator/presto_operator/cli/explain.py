"""`presto-operator explain`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import click
from kubernetes.aio.config import ConfigException

from presto_operator.api import KIND, AutoscalingStatus
from presto_operator.kube import EVENT, PRESTO_CLUSTER, ApiError, KubernetesClient
from presto_operator.objects import KubernetesObject, format_time
from presto_operator.scaling import read_autoscaling

_MOST_EVENTS = 15


@click.command()
@click.argument("name")
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace of the cluster.")
def explain(name: str, namespace: str) -> None:
    """Explain why the cluster NAME has as many workers as it has.

    Prints the last decisions of autoscaling with the numbers behind each of them, the current queries, and the last
    Events of the cluster. Uses the current context of your kubeconfig.
    """
    try:
        cluster, events = asyncio.run(_fetch(namespace, name))
    except (ApiError, ConfigException) as error:
        raise click.ClickException(str(error)) from error
    if cluster is None:
        raise click.ClickException(f'there is no {KIND} "{name}" in namespace "{namespace}"')
    click.echo("\n".join(_printable(line) for line in explanation(cluster, events)))


def _printable(line: str) -> str:
    """`line` without control characters: messages quote what others wrote, and a terminal would obey them."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in line
    )


async def _fetch(namespace: str, name: str) -> tuple[KubernetesObject | None, list[KubernetesObject]]:
    client = await KubernetesClient.connect()
    try:
        cluster = await client.get(PRESTO_CLUSTER, namespace, name)
        events = await client.list(EVENT, namespace=namespace) if cluster else []
    finally:
        await client.close()
    about = [event for event in events if event.get("involvedObject", {}).get("name") == name]
    return cluster, [event for event in about if event["involvedObject"].get("kind") == KIND]


def explanation(cluster: KubernetesObject, events: Sequence[KubernetesObject]) -> list[str]:
    """The lines that explain a cluster's number of workers.

    Args:
        cluster: the PrestoCluster as the API server has it.
        events: the Events about it.
    """
    metadata, status = cluster["metadata"], cluster.get("status", {})
    place = f"{metadata['name']} in {metadata['namespace']}"
    record = read_autoscaling(status)
    lines = [f"{place}: {_state(cluster, record)}", *_conditions(status), *_queries(status)]
    if record is not None:
        lines += ["", "Decisions, newest first:", *_decisions(record)]
    if events:
        newest = sorted(events, key=lambda event: str(event.get("lastTimestamp")), reverse=True)[:_MOST_EVENTS]
        rows = [(str(event.get("lastTimestamp")), event["reason"], event.get("message", "")) for event in newest]
        lines += ["", "Events, newest first:", *_table(("TIME", "REASON", "MESSAGE"), rows)]
    return lines


def _state(cluster: KubernetesObject, record: AutoscalingStatus | None) -> str:
    summary = cluster.get("status", {}).get("workers", {}).get("summary", "")
    ready = f" ({summary} ready)" if summary else ""
    if record is None:
        replicas = cluster["spec"].get("workers", {}).get("replicas", 1)
        return f"{_workers(replicas)} desired by workers.replicas{ready}; autoscaling is off"
    limit = f", limited by {record.limited_by}" if record.limited_by else ""
    verb = "desired" if record.mode == "Active" else "recommended"
    return f"autoscaling is {record.mode}, {_workers(record.desired)} {verb}{ready}{limit}"


def _conditions(status: dict[str, Any]) -> list[str]:
    return [
        f"  {item['type']}={item['status']} {item['reason']}: {item.get('message', '')}"
        for item in status.get("conditions", [])
    ]


def _queries(status: dict[str, Any]) -> list[str]:
    counts = status.get("queries", {})
    told = [
        f"{counts[field]} {words}"
        for field, words in (
            ("running", "running"),
            ("blocked", "blocked"),
            ("queued", "queued"),
            ("heldBack", "of them held back by a limit of their resource group"),
            ("waiting", "waiting"),
        )
        if counts.get(field)
    ]
    return [f"  queries (updated every 30 s): {', '.join(told) or 'none'}"] if counts else []


def _decisions(record: AutoscalingStatus) -> list[str]:
    if not record.decisions:
        return ["  none yet"]
    rows = [
        (format_time(item.time), str(item.from_replicas), str(item.to_replicas), item.reason, item.message)
        for item in record.decisions
    ]
    return _table(("TIME", "FROM", "TO", "REASON", "WHY"), rows)


def _workers(count: int) -> str:
    return f"{count} worker" if count == 1 else f"{count} workers"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    cells = [header, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header) - 1)]
    return [
        "  " + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in cells
    ]

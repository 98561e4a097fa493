"""The demo's story."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.demo.queries import QUERIES
from tests.harness.choice import provider_for
from tests.harness.errors import HarnessError
from tests.harness.interface import Cluster
from tests.harness.progress import step
from tests.harness.spec import ClusterSpec, NodeSpec, Taint
from tests.harness.waiting import wait_until
from tests.kit.installation import install, operator_image
from tests.kit.resources import Namespace
from tests.kit.sql import Answer, PrestoClient
from tests.parts.provisions import provide

CLUSTER = "demo"
NAMESPACE = "demo"
PRESTO = "adhoc"
MANIFEST = Path("examples") / "two-pools.yaml"
"""Relative to the checkout's root, which is where `make demo` runs."""
NODES = (
    NodeSpec("on-demand-1"),
    NodeSpec("spot-r5-1", {"pool": "r5"}, (Taint("spot", "NoSchedule", "true"),)),
    NodeSpec("spot-r6-1", {"pool": "r6"}),
)

console = Console(highlight=False)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--keep", is_flag=True, help="Leave the cluster up, to play with. `make cluster-down CLUSTER=demo` removes it."
)
@click.option("--provider", type=click.Choice(["auto", "kind", "local"]), default="auto", show_default=True)
def main(*, keep: bool, provider: str) -> None:
    """Bring up a real cluster, install the operator, run SQL on a real Presto, scale it."""
    started = time.monotonic()
    clusters = provider_for(provider)  # type: ignore[arg-type]
    try:
        provide(["demo"], clusters.name)
        image = operator_image(clusters.name)
        with step(f"a real Kubernetes with {len(NODES)} real nodes, by provider {clusters.name}"):
            cluster = clusters.up(ClusterSpec(name=CLUSTER, nodes=NODES, images=(image.file,)))
        install(cluster, image)
        tell_the_story(cluster)
    except HarnessError as error:
        raise click.ClickException(str(error)) from error
    finally:
        left = clusters.find(CLUSTER)
        if keep and left is not None:
            console.print(f"\nThe cluster stays. export KUBECONFIG={left.kubeconfig}", soft_wrap=True)
            console.print("Remove it with: make cluster-down CLUSTER=demo")
        else:
            clusters.down(CLUSTER)
    console.print(f"\nThe whole demo took {time.monotonic() - started:.0f} s.")


def tell_the_story(cluster: Cluster) -> None:
    """From an empty cluster to SQL on more workers."""
    cluster.kubectl("create", "namespace", NAMESPACE, check=False)
    namespace = Namespace(cluster, NAMESPACE)
    show(namespace, "apply", f"--filename={MANIFEST}")
    with step("waiting until the Presto cluster is Ready and all workers are there"):
        namespace.wait_until_settled(PRESTO, timeout=420)
    show(namespace, "get", "prestoclusters")
    show(namespace, "get", "pods", "--output=wide", "--label-columns=prestooperator.io/pool")
    with cluster.reach_service(NAMESPACE, PRESTO, 8080) as base_url:
        client = PrestoClient(base_url)
        wait_for_active_workers(client, 2)
        for query in QUERIES:
            begun = time.monotonic()
            answer = client.query(query.sql)
            print_answer(query.question, answer, time.monotonic() - begun)
        scale(namespace, client, 4)
        scale(namespace, client, 2)
    show(namespace, "get", "prestoclusters")


def scale(namespace: Namespace, client: PrestoClient, workers: int) -> None:
    """Scale, and watch Presto's own count follow."""
    show(namespace, "scale", f"prestocluster/{PRESTO}", f"--replicas={workers}")
    wait_for_active_workers(client, workers)
    namespace.wait_until_settled(PRESTO, timeout=240)


def wait_for_active_workers(client: PrestoClient, workers: int) -> None:
    """Wait for Presto's own count of active workers, and print each change of it."""
    seen: list[int] = []

    def reached() -> bool:
        active = client.active_workers()
        if not seen or seen[-1] != active:
            seen.append(active)
            console.print(f"    active workers by Presto's own count: {active}")
        return active == workers

    with step(f"waiting until Presto counts {workers} active workers"):
        wait_until(reached, timeout=240, what=f"{workers} active workers", interval=0.5)


def show(namespace: Namespace, *arguments: str) -> None:
    """Run kubectl and show both the command and what it prints."""
    console.print(f"\n[bold]$ kubectl -n {namespace.name} {' '.join(arguments)}[/bold]")
    console.print(namespace.kubectl(*arguments).rstrip(), markup=False, soft_wrap=True)


def print_answer(question: str, answer: Answer, seconds: float) -> None:
    """Print a query's rows as a table."""
    table = Table()
    for column in answer.columns:
        table.add_column(column)
    for row in answer.rows:
        table.add_row(*(str(value) for value in row))
    console.print(f"\n[bold]{question}[/bold] ({seconds:.1f} s)")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())

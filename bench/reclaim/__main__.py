"""`make bench-reclaim`."""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench.percentile import percentile
from bench.reclaim.real import measure_on_presto
from bench.reclaim.watch import ReclaimWatch, Worker
from tests.harness.choice import provider_for
from tests.harness.errors import HarnessError
from tests.harness.interface import Cluster, Provider
from tests.harness.progress import say, step
from tests.harness.spec import ClusterSpec, Taint
from tests.harness.waiting import wait_until
from tests.kit.operator_process import OperatorProcess
from tests.kit.resources import Resource, manifest

CLUSTER = "bench-reclaim"
NAMESPACE = "bench"
WORKERS = 2
PROMISED_SECONDS = 2.0
"""At the 99th percentile."""
_NODES = 20
_ROOT = Path(__file__).parents[2]
_RESULTS = Path("bench") / "results"
"""Relative to the checkout's root, which is where `make` runs."""
_TAINT = Taint("aws-node-termination-handler/spot-itn", "NoSchedule", "event-1")
_START_SECONDS = 600.0
_LEAVE_SECONDS = 60.0
_CALM_SECONDS = 10.0
"""What a taint has set in motion has come to rest when no worker was missing for so long: a worker counts as
available 10 s after it is ready, and only then is the last status written."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--clusters", type=click.IntRange(min=1), default=100, show_default=True, help="How many PrestoClusters.")
@click.option("--taints", type=click.IntRange(min=1), default=20, show_default=True, help="How many reclaims.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which nodes, in which order.")
@click.option(
    "--presto",
    "real",
    type=click.IntRange(min=1),
    metavar="RECLAIMS",
    help="Instead, reclaim so many real nodes with a real Presto worker at rest each, until it says SHUTTING_DOWN.",
)
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, path_type=Path),
    help=f"Where the results go as JSON.  [default: {_RESULTS / 'reclaim.json'}, or reclaim-presto.json]",
)  # fmt: skip
def main(clusters: int, taints: int, seed: int, real: int | None, file: Path | None) -> None:
    """Taint nodes at random, and measure how soon the operator lets their workers go.

    A real API server, the operator as a process, and fake nodes with two workers a cluster. What is measured is the
    time from just before the write of the taint until a watch shows the deletionTimestamp of a worker there. That is
    when the kubelet of a real node runs the preStop hook, which tells Presto to shut down; there is no Presto
    on fake nodes. With --presto there is, on few nodes. It ends with code 1 if the 99th percentile is
    2 s or more.
    """
    provider = provider_for("auto")
    try:
        if real is not None:
            seconds = measure_on_presto(provider, real, _TAINT)
        else:
            seconds = measure_on_fake_nodes(provider, clusters, taints, random.Random(seed))
    except HarnessError as error:
        raise click.ClickException(str(error)) from error
    scale = {"clusters": clusters, "workers": clusters * WORKERS} if real is None else {"clusters": 1}
    results = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        **scale,
        "taints": taints if real is None else real,
        "samples": len(seconds),
        **{name: round(percentile(seconds, percent) or 0, 3) for name, percent in PERCENTILES.items()},
    }
    file = file or _RESULTS / ("reclaim.json" if real is None else "reclaim-presto.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=2) + "\n")
    for name, value in results.items():
        click.echo(f"{name:>12}: {value}")
    sys.exit(0 if (percentile(seconds, 99) or PROMISED_SECONDS) < PROMISED_SECONDS else 1)


PERCENTILES = {"p50_seconds": 50.0, "p90_seconds": 90.0, "p99_seconds": 99.0, "max_seconds": 100.0}


def measure_on_fake_nodes(provider: Provider, clusters: int, taints: int, choice: random.Random) -> list[float]:
    """Seconds from the taint to the deletionTimestamp, on a cluster that is made for it."""
    provider.down(CLUSTER)
    try:
        return measure(provider.up(ClusterSpec(name=CLUSTER, presto_versions=())), clusters, taints, choice)
    finally:
        provider.down(CLUSTER)


def measure(cluster: Cluster, clusters: int, taints: int, choice: random.Random) -> list[float]:
    """Seconds from the taint to the deletionTimestamp, of each worker on a node that was tainted."""
    spot = cluster.kwok_nodes(_NODES, {"pool": "spot"}, prefix="spot")
    cluster.kwok_nodes(max(1, clusters // 50), {"pool": "system"}, prefix="system")
    cluster.kubectl("apply", "--server-side", f"--filename={_ROOT / 'crds'}")
    cluster.kubectl("wait", "--for=condition=Established", "crd/prestoclusters.prestooperator.io")
    cluster.kubectl("create", "namespace", NAMESPACE)
    with tempfile.TemporaryDirectory() as directory:
        operator = OperatorProcess(cluster.kubeconfig, Path(directory) / "operator.log")
        operator.start()
        try:
            watch = ReclaimWatch(cluster)
            with step(f"{clusters} PrestoClusters with {WORKERS} workers each"):
                apply(cluster, [presto_cluster(number) for number in range(clusters)])
                wait_until_settled(cluster, clusters)
                wait_until_calm(watch, clusters * WORKERS)
            return sample(watch, spot, clusters * WORKERS, taints, choice)
        finally:
            operator.stop()


def sample(
    watch: ReclaimWatch, nodes: tuple[str, ...], workers: int, taints: int, choice: random.Random
) -> list[float]:
    """Taint one node after another; each is whole again before the next one's turn."""
    seconds: list[float] = []
    with step(f"{taints} reclaims"):
        for number in range(1, taints + 1):
            node = choice.choice([each for each in nodes if watch.on(each)])
            concerned = watch.on(node)
            begun = watch.taint(node, _TAINT)
            took = [moment - begun for moment in wait_for_leave(node, list(concerned.values()))]
            seconds.extend(took)
            say(f"    {number}: {node}: {len(took)} workers, the last after {max(took):.2f} s")
            wait_until_calm(watch, workers)
            watch.taint(node, None)
    return seconds


def wait_for_leave(node: str, workers: list[Worker]) -> list[float]:
    """Return the moments at which they began to leave, once all have."""

    def left() -> list[float] | None:
        moments = [worker.leaving_at for worker in workers if worker.leaving_at is not None]
        return moments if len(moments) == len(workers) else None

    moments = wait_until(left, timeout=_LEAVE_SECONDS, what=f"the workers of {node} to leave", interval=0.05)
    assert moments is not None
    return moments


def presto_cluster(number: int) -> Resource:
    """A cluster whose workers are on nodes that may go, and whose coordinator isn't."""
    pool = {"name": "spot", "nodeSelector": {"pool": "spot"}}
    return manifest(
        f"presto-{number}",
        coordinator={"nodeSelector": {"pool": "system"}},
        workers={"replicas": WORKERS, "pools": [pool]},
    )


def apply(cluster: Cluster, resources: list[Resource]) -> None:
    """Apply them all at once."""
    everything: dict[str, Any] = {"apiVersion": "v1", "kind": "List", "items": resources}
    cluster.kubectl(f"--namespace={NAMESPACE}", "apply", "--filename=-", stdin=json.dumps(everything), timeout=120)


def wait_until_settled(cluster: Cluster, clusters: int) -> None:
    """Return once all clusters are as they were asked for: what is measured is a reclaim, not a hundred starts."""

    def are_settled() -> bool:
        listed = cluster.kubectl(f"--namespace={NAMESPACE}", "get", "prestoclusters", "--output=json").stdout
        states = [
            {each["type"]: each["status"] for each in item.get("status", {}).get("conditions", [])}
            for item in json.loads(listed)["items"]
        ]
        settled = [each for each in states if (each.get("Ready"), each.get("Progressing")) == ("True", "False")]
        return len(settled) == clusters

    wait_until(are_settled, timeout=_START_SECONDS, what=f"{clusters} clusters to be settled", interval=2.0)


def wait_until_calm(watch: ReclaimWatch, workers: int) -> None:
    """Return once all workers have had their nodes for a while."""
    since = time.monotonic()

    def is_calm() -> bool:
        nonlocal since
        if watch.count() != workers:
            since = time.monotonic()
        return time.monotonic() - since >= _CALM_SECONDS

    wait_until(is_calm, timeout=_START_SECONDS, what=f"{workers} workers", interval=0.1)


if __name__ == "__main__":
    main()

"""Drains at their edges, on real Presto: evicted, without the operator, and longer than there is time for."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import prestodb
import pytest
import requests

from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.installation import NAMESPACE as OPERATOR_NAMESPACE
from tests.kit.load import Question, steady_load
from tests.kit.operator_process import metric_sum
from tests.kit.resources import Namespace, manifest
from tests.kit.sizes import small_server
from tests.kit.sql import PrestoClient

NAME = "edges"
LONG = Question("SELECT count(DISTINCT orderkey) FROM tpch.sf1.lineitem", [(1_500_000,)])
ENDLESS = "SELECT count(*) FROM tpch.sf1.lineitem l JOIN tpch.sf1.orders o ON l.orderkey < -o.orderkey"


@pytest.fixture(scope="module")
def presto(shared_namespace: Namespace) -> Namespace:
    """The namespace in which a cluster of two workers runs."""
    role = {
        **small_server(),
        "config": {"query.max-memory-per-node": "400MB", "query.max-total-memory-per-node": "500MB"},
        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
    }
    drain = {"timeout": "5m", "gracePeriod": "10s"}
    shared_namespace.apply(manifest(NAME, coordinator=role, workers={"replicas": 2, **role, "drain": drain}))
    shared_namespace.wait_until_settled(NAME, timeout=300)
    return shared_namespace


@pytest.fixture
def client(cluster: Cluster, presto: Namespace) -> Iterator[PrestoClient]:
    """A client of it, once Presto has heard of two workers."""
    with cluster.reach_service(presto.name, NAME, 8080) as base_url:
        client = PrestoClient(base_url)
        presto.wait_until_quiet(NAME, timeout=180)
        wait_until(lambda: client.serves_with(2), timeout=60, what="two active workers")
        yield client


def test_an_evicted_worker_finishes_its_tasks_and_the_next_eviction_waits(
    presto: Namespace, client: PrestoClient
) -> None:
    before = drains(presto, "Drained")
    with steady_load(client, [LONG], clients=1) as tally:
        wait_until(lambda: len(client.busy_workers()) == 2, timeout=60, what="tasks on both workers")
        evicted, other = sorted(client.busy_workers())
        assert presto.evict(evicted) == ""
        refusal = presto.evict(other)
        wait_for_drain_to_begin(presto, evicted)
        wait_until_gone(presto, evicted)

    assert "disruption budget" in refusal
    assert dict(tally.failures) == {}
    assert tally.right >= 1
    wait_until(lambda: drains(presto, "Drained") == before + 1, timeout=15, what="the drain to be counted")
    assert metric(presto, "presto_operator_drain_duration_seconds_sum") >= 20, "it waits its grace period twice"
    assert drain_events(presto) == []


def test_the_operator_is_killed_in_mid_drain_and_nothing_is_lost(presto: Namespace, client: PrestoClient) -> None:
    with steady_load(client, [LONG], clients=1) as tally:
        wait_until(lambda: len(client.busy_workers()) == 2, timeout=60, what="tasks on both workers")
        leaving = min(client.busy_workers())
        presto.kubectl("delete", "pod", leaving, "--wait=false")
        wait_for_drain_to_begin(presto, leaving)
        killed = operator_pod(presto)
        presto.cluster.kubectl(
            "--namespace", OPERATOR_NAMESPACE, "delete", "pod", killed, "--grace-period=0", "--force"
        )
        wait_until_gone(presto, leaving)

    assert dict(tally.failures) == {}
    assert tally.right >= 1
    # Another process: what it counts, it has found leaving when it started.
    wait_until(lambda: operator_pod(presto) not in ("", killed), timeout=60, what="another operator")
    wait_until(lambda: drains(presto, "Drained") == 1, timeout=30, what="the drain to be counted")
    assert drain_events(presto) == []


def test_a_drain_that_is_given_too_little_time_is_told_of(presto: Namespace, client: PrestoClient) -> None:
    with unfinished_query(client):
        wait_until(lambda: len(client.busy_workers()) == 2, timeout=60, what="tasks on both workers")
        leaving = min(client.busy_workers())
        presto.kubectl("delete", "pod", leaving, "--wait=false", "--grace-period=15")
        wait_until_gone(presto, leaving)

    wait_until(lambda: drains(presto, "TimedOut") == 1, timeout=15, what="the drain to be counted")
    wait_until(lambda: len(drain_events(presto)) == 1, timeout=15, what="an Event")
    ((reason, message),) = drain_events(presto)
    assert reason == "DrainTimedOut"
    assert message.startswith(f"{leaving}: killed after ")
    assert "while still draining" in message
    assert "it got less time than its grace period of 350 s" in message


def test_a_worker_that_is_hung_is_asked_until_it_answers(presto: Namespace, client: PrestoClient) -> None:
    before, told = drains(presto, "Drained"), drain_events(presto)
    with steady_load(client, [LONG], clients=1) as tally:
        wait_until(lambda: len(client.busy_workers()) == 2, timeout=60, what="tasks on both workers")
        leaving = min(client.busy_workers())
        with frozen_server(leaving):
            presto.kubectl("delete", "pod", leaving, "--wait=false")
            wait_until(
                lambda: "the server does not answer; asking on" in presto.kubectl("logs", leaving, "--tail=200"),
                timeout=60,
                what=f"{leaving} to be asked in vain",
            )
        wait_for_drain_to_begin(presto, leaving)
        wait_until_gone(presto, leaving)

    assert dict(tally.failures) == {}
    assert tally.right >= 1
    wait_until(lambda: drains(presto, "Drained") == before + 1, timeout=15, what="the drain to be counted")
    assert drain_events(presto) == told


def wait_for_drain_to_begin(namespace: Namespace, pod: str) -> None:
    """Wait until the worker has been told."""
    wait_until(
        lambda: "draining: finishing the tasks" in namespace.kubectl("logs", pod, "--tail=200"),
        timeout=30,
        what=f"{pod} to drain",
    )


def wait_until_gone(namespace: Namespace, pod: str) -> None:
    """Wait until there is no such pod."""
    wait_until(
        lambda: pod not in {item["metadata"]["name"] for item in namespace.pods(NAME)},
        timeout=240,
        what=f"{pod} to be gone",
    )


def operator_pod(namespace: Namespace) -> str:
    """The operator's pod, if it is ready and not on its way out."""
    output = namespace.cluster.kubectl("--namespace", OPERATOR_NAMESPACE, "get", "pods", "--output=json").stdout
    for pod in json.loads(output)["items"]:
        conditions = {item["type"]: item["status"] for item in pod["status"].get("conditions", [])}
        if conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]:
            return str(pod["metadata"]["name"])
    return ""


def drains(namespace: Namespace, outcome: str) -> float:
    """How many drains the operator has counted."""
    return metric(namespace, "presto_operator_drains_total", outcome=outcome)


def metric(namespace: Namespace, name: str, **labels: str) -> float:
    """What the operator's metric says of the cluster."""
    path = f"/api/v1/namespaces/{OPERATOR_NAMESPACE}/pods/{operator_pod(namespace)}:8081/proxy/metrics"
    text = namespace.cluster.kubectl("get", f"--raw={path}").stdout
    return metric_sum(text, name, namespace=namespace.name, cluster=NAME, **labels)


def drain_events(namespace: Namespace) -> list[tuple[str, str]]:
    """The Events about drains that ended badly."""
    return [(reason, message) for reason, message in namespace.events(NAME) if reason.startswith("Drain")]


@contextlib.contextmanager
def frozen_server(pod: str) -> Iterator[None]:
    """Stop the server of a pod in its tracks until the block ends, as a long collection of garbage does.

    Whichever way the nodes are provided, their processes are this machine's.
    """
    (process,) = [
        int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if f"-Dnode.id={pod}" in _words(path)
    ]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def _words(cmdline: Path) -> list[str]:
    try:
        return cmdline.read_text(errors="replace").split("\0")
    except OSError:
        return []  # it has ended since


@contextlib.contextmanager
def unfinished_query(client: PrestoClient) -> Iterator[None]:
    """A query that runs until the block ends, or until it fails."""

    def ask() -> None:
        with contextlib.suppress(
            prestodb.exceptions.PrestoQueryError, prestodb.exceptions.HttpError, requests.RequestException
        ):
            client.query(ENDLESS)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        client.kill_queries()
        thread.join(timeout=60)

"""Changed workers on a busy cluster: no query fails, whether the change is good or bad."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.load import Question, steady_load
from tests.kit.pod_watch import counted_workers
from tests.kit.resources import Namespace, Resource, manifest
from tests.kit.sql import PrestoClient

NAME = "rolled"
WANTED = 3
LONG = Question(
    "SELECT count(*) FROM tpch.sf1.lineitem l JOIN tpch.sf1.orders o ON l.orderkey = o.orderkey", [(6_001_215,)]
)
SHORT = Question("SELECT count(*) FROM tpch.tiny.orders", [(15_000,)])
LOAD = [SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, LONG]
QUERIES = 100
FLAG = "-Dexample.rolled=yes"


def cluster_of(*extra_args: str) -> Resource:
    """A cluster of small workers whose JVMs have these arguments."""
    role: dict[str, Any] = {
        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
        "config": {"query.max-memory-per-node": "400MB", "query.max-total-memory-per-node": "500MB"},
    }
    # Servers that live for minutes start sooner without the optimising compiler.
    jvm = {"heapPercent": 60, "extraArgs": ["-XX:TieredStopAtLevel=1", *extra_args]}
    return manifest(
        NAME,
        coordinator={**role, "jvm": {**jvm, "extraArgs": ["-XX:TieredStopAtLevel=1"]}},
        workers={"replicas": WANTED, **role, "jvm": jvm, "drain": {"timeout": "5m", "gracePeriod": "10s"}},
    )


@pytest.fixture(scope="module")
def presto(shared_namespace: Namespace) -> Namespace:
    """The namespace in which a cluster of three workers runs."""
    shared_namespace.apply(cluster_of())
    shared_namespace.wait_until_settled(NAME, timeout=300)
    return shared_namespace


@pytest.fixture(scope="module")
def client(cluster: Cluster, presto: Namespace) -> Iterator[PrestoClient]:
    """A client of it, once Presto has heard of all workers."""
    with cluster.reach_service(presto.name, NAME, 8080) as base_url:
        client = PrestoClient(base_url)
        wait_until(lambda: client.serves_with(WANTED), timeout=60, what="three active workers")
        yield client


def uids(presto: Namespace, role: str) -> set[str]:
    """The pods of a role that don't leave."""
    return {pod["metadata"]["uid"] for pod in presto.pods(NAME, role) if "deletionTimestamp" not in pod["metadata"]}


def test_a_jvm_flag_reaches_every_worker_and_no_query_fails(presto: Namespace, client: PrestoClient) -> None:
    coordinator = uids(presto, "coordinator")

    with counted_workers(presto, NAME) as count, steady_load(client, LOAD, clients=2) as tally:
        wait_until(lambda: tally.right >= 3, timeout=120, what="a load that runs")
        presto.apply(cluster_of(FLAG))
        presto.wait_for_condition(NAME, "Progressing", "True", timeout=30)
        settled = presto.wait_until_settled(NAME, timeout=900)
        presto.wait_for_condition(NAME, "Draining", "False", timeout=400)
        wait_until(lambda: tally.total >= QUERIES, timeout=600, what=f"{QUERIES} queries")

    assert dict(tally.failures) == {}
    # A tenth of three workers is one.
    assert count.most == WANTED + 1
    assert count.most_leaving == 1
    assert uids(presto, "coordinator") == coordinator
    workers = presto.pods(NAME, "worker")
    assert len(workers) == WANTED
    for worker in workers:
        command = presto.kubectl("exec", worker["metadata"]["name"], "--", "cat", "/proc/1/cmdline")
        assert FLAG in command.split("\0")
    rollout = settled["status"]["rollout"]
    assert (rollout["changes"], rollout["updatedWorkers"], rollout["totalWorkers"]) == (["Workers"], WANTED, WANTED)
    assert rollout["finishedAt"]


def test_a_misspelt_jvm_flag_costs_no_query_and_taking_it_back_no_worker(
    presto: Namespace, client: PrestoClient
) -> None:
    before = uids(presto, "worker")
    good = presto.presto_cluster(NAME)["spec"]["workers"]["jvm"]["extraArgs"]

    with counted_workers(presto, NAME) as count, steady_load(client, LOAD, clients=2) as tally:
        presto.apply(cluster_of(*good[1:], "-XX:+UseG2GC"))
        condition = presto.wait_for_condition(NAME, "Degraded", "True", timeout=180)
        assert condition["reason"] == "PodsFailing"
        assert "Unrecognized VM option 'UseG2GC'" in condition["message"]
        wait_until(lambda: tally.total >= QUERIES, timeout=600, what=f"{QUERIES} queries")
        assert presto.condition(NAME, "Degraded")["status"] == "True"
        assert presto.condition(NAME, "Ready")["status"] == "True"
        assert "can't start, so the " in presto.condition(NAME, "Progressing")["message"]
        assert before <= uids(presto, "worker")

        presto.apply(cluster_of(*good[1:]))
        presto.wait_for_condition(NAME, "Degraded", "False", timeout=60)
        presto.wait_until_settled(NAME, timeout=60)

    assert dict(tally.failures) == {}
    assert count.most == WANTED + 1
    assert uids(presto, "worker") == before
    assert client.active_workers() == WANTED

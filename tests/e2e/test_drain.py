"""Workers that leave finish what they have: no query fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.load import Question, steady_load
from tests.kit.resources import Namespace, Resource, manifest
from tests.kit.sql import PrestoClient

LONG = Question(
    "SELECT count(*) FROM tpch.sf1.lineitem l JOIN tpch.sf1.orders o ON l.orderkey = o.orderkey", [(6_001_215,)]
)
NAME = "drained"


def cluster_of(workers: int) -> Resource:
    """A cluster with this many small workers."""
    role: dict[str, Any] = {
        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
        "config": {"query.max-memory-per-node": "400MB", "query.max-total-memory-per-node": "500MB"},
    }
    # Servers that live for minutes start sooner without the optimising compiler.
    jvm = {"heapPercent": 60, "extraArgs": ["-XX:TieredStopAtLevel=1"]}
    return manifest(
        NAME,
        coordinator={**role, "jvm": jvm},
        workers={"replicas": workers, **role, "jvm": jvm, "drain": {"timeout": "5m", "gracePeriod": "10s"}},
    )


@pytest.fixture(scope="module")
def presto(shared_namespace: Namespace) -> Namespace:
    """The namespace in which a cluster of two workers runs."""
    shared_namespace.apply(cluster_of(2))
    shared_namespace.wait_until_settled(NAME, timeout=300)
    return shared_namespace


@pytest.fixture(scope="module")
def client(cluster: Cluster, presto: Namespace) -> Iterator[PrestoClient]:
    """A client of it, once Presto has heard of both workers."""
    with cluster.reach_service(presto.name, NAME, 8080) as base_url:
        client = PrestoClient(base_url)
        wait_until(lambda: client.serves_with(2), timeout=60, what="two active workers")
        yield client


def test_a_scale_down_in_mid_query_fails_no_query(presto: Namespace, client: PrestoClient) -> None:
    with steady_load(client, [LONG], clients=2) as tally:
        wait_until(lambda: len(client.busy_workers()) == 2, timeout=60, what="tasks on both workers")
        presto.kubectl("scale", f"prestocluster/{NAME}", "--replicas=1")
        presto.wait_for_condition(NAME, "Draining", "True", timeout=30)
        (leaving,) = [
            pod["metadata"]["name"] for pod in presto.pods(NAME, "worker") if "deletionTimestamp" in pod["metadata"]
        ]
        assert leaving in client.busy_workers(), "it was to be caught in the middle of a task"
        wait_until(
            lambda: "draining: finishing the tasks" in presto.kubectl("logs", leaving, "--tail=200"),
            timeout=30,
            what="the worker to say that it drains",
        )
        presto.wait_for_condition(NAME, "Draining", "False", timeout=200)

    assert dict(tally.failures) == {}
    assert tally.right >= 2
    assert len(presto.pods(NAME, "worker")) == 1
    assert client.active_workers() == 1

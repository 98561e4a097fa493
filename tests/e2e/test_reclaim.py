"""A node is reclaimed under load: its worker drains, another comes elsewhere, and no query fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.interface import Cluster
from tests.harness.spec import Taint
from tests.harness.waiting import wait_until
from tests.kit.load import Question, steady_load
from tests.kit.resources import Namespace, Resource, manifest
from tests.kit.sql import PrestoClient

LONG = Question(
    "SELECT count(*) FROM tpch.sf1.lineitem l JOIN tpch.sf1.orders o ON l.orderkey = o.orderkey", [(6_001_215,)]
)
NAME = "reclaimed"
NODE = "r5"
RECLAIMED = Taint("aws-node-termination-handler/spot-itn", "NoSchedule", "event-1")


def cluster_of_two() -> Resource:
    """A cluster with a worker on the node that is to go, and one elsewhere; both may run on the other nodes."""
    role: dict[str, Any] = {
        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
        "config": {"query.max-memory-per-node": "400MB", "query.max-total-memory-per-node": "500MB"},
        # Servers that live for minutes start sooner without the optimising compiler.
        "jvm": {"heapPercent": 60, "extraArgs": ["-XX:TieredStopAtLevel=1"]},
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"prestooperator.io/cluster": NAME, "prestooperator.io/role": "worker"}},
    }
    # Rather there than elsewhere, so that a worker is sure to be on the node, and its replacement free to go.
    preference = {"matchExpressions": [{"key": "pool", "operator": "In", "values": ["r5", "r6"]}]}
    affinity = {
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": preference}]}
    }
    pool = {"name": "spot", "tolerations": [{"key": "spot", "operator": "Exists"}]}
    return manifest(
        NAME,
        coordinator={**role, "nodeSelector": {"pool": "r6"}},
        workers={
            "replicas": 2,
            **role,
            "pools": [pool],
            "drain": {"timeout": "5m", "gracePeriod": "10s"},
            "podOverrides": {"spec": {"topologySpreadConstraints": [spread], "affinity": affinity}},
        },
    )


@pytest.fixture
def presto(cluster: Cluster, shared_namespace: Namespace) -> Iterator[Namespace]:
    """The namespace in which the cluster runs."""
    shared_namespace.apply(cluster_of_two())
    shared_namespace.wait_until_settled(NAME, timeout=300)
    yield shared_namespace
    cluster.untaint_node(NODE, RECLAIMED)


def test_a_reclaim_under_load_fails_no_query(cluster: Cluster, presto: Namespace) -> None:
    node = cluster.node_name(NODE)
    concerned = {pod["metadata"]["name"] for pod in on(presto, node)}
    assert len(concerned) == 1, "one worker was to be on the node that goes"

    with cluster.reach_service(presto.name, NAME, 8080) as base_url:
        client = PrestoClient(base_url)
        wait_until(lambda: client.serves_with(2), timeout=60, what="two active workers")
        with steady_load(client, [LONG], clients=2) as tally:
            wait_until(lambda: tally.right >= 1, timeout=120, what="a query that is answered")
            cluster.taint_node(NODE, RECLAIMED)
            presto.wait_for_condition(NAME, "Draining", "True", timeout=10)
            presto.wait_for_condition(NAME, "Draining", "False", timeout=240)
            presto.wait_until_settled(NAME, timeout=240)

    assert dict(tally.failures) == {}
    assert tally.right >= 2
    assert not on(presto, node)
    assert len(presto.pods(NAME, "worker")) == 2
    (told,) = [message for reason, message in presto.events(NAME) if reason == "NodeReclaimed"]
    assert all(text in told for text in (node, "EC2 is reclaiming the spot instance", *concerned))


def on(namespace: Namespace, node: str) -> list[Resource]:
    """The workers on a node."""
    return [pod for pod in namespace.pods(NAME, "worker") if pod["spec"].get("nodeName") == node]

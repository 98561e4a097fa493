"""From one Presto release to the next, on an idle cluster and on a busy one."""

from __future__ import annotations

from typing import Any

from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.load import Question, steady_load
from tests.kit.resources import Namespace, Resource, manifest
from tests.kit.sql import PrestoClient

LONG = Question(
    "SELECT count(*) FROM tpch.sf1.lineitem l JOIN tpch.sf1.orders o ON l.orderkey = o.orderkey", [(6_001_215,)]
)


def small(version: str, *, drain_timeout: str = "10m") -> Resource:
    """A cluster of one worker, two of which find room on the test's nodes side by side."""
    role: dict[str, Any] = {
        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "1536Mi"}},
        "config": {"query.max-memory-per-node": "300MB", "query.max-total-memory-per-node": "350MB"},
        # Servers that live for minutes start sooner without the optimising compiler.
        "jvm": {"heapPercent": 60, "extraArgs": ["-XX:TieredStopAtLevel=1"]},
    }
    coordinator = {**role, "drainTimeout": drain_timeout}
    return manifest("upgraded", version=version, coordinator=coordinator, workers={"replicas": 1, **role})


def test_a_release_takes_over_when_it_is_ready(cluster: Cluster, namespace: Namespace) -> None:
    namespace.apply(small("0.283"))
    namespace.wait_until_settled("upgraded", timeout=300)
    with cluster.reach_service(namespace.name, "upgraded", 8080) as base_url:
        client = PrestoClient(base_url)
        wait_until(lambda: client.serves_with(1), timeout=60, what="the worker")
        assert releases(client) == {"0.283"}

        namespace.apply(small("0.287"))
        namespace.wait_for_condition("upgraded", "Progressing", "True", timeout=30)
        # While the new generation starts, the old one answers.
        assert client.query("SELECT count(*) FROM orders").rows == [(15_000,)]
        assert releases(client) == {"0.283"}
        namespace.wait_until_settled("upgraded", timeout=300)

        wait_until(lambda: releases(client) == {"0.287"}, timeout=60, what="the new release to serve")
        wait_until(lambda: client.serves_with(1), timeout=60, what="its worker")
        assert client.query("SELECT count(*) FROM orders").rows == [(15_000,)]
    wait_until(lambda: len(namespace.pods("upgraded")) == 2, timeout=120, what="the old generation to go")
    rollout = namespace.presto_cluster("upgraded")["status"]["rollout"]
    assert (rollout["changes"], rollout["queriesInterrupted"]) == (["Generation"], 0)
    assert rollout["finishedAt"]
    namespace.kubectl("delete", "prestocluster", "upgraded")
    wait_until(lambda: not namespace.pods("upgraded"), timeout=120, what="its pods to go")


def test_a_busy_cluster_is_told_what_the_change_has_cost(cluster: Cluster, namespace: Namespace) -> None:
    namespace.apply(small("0.283", drain_timeout="20s"))
    namespace.wait_until_settled("upgraded", timeout=300)
    with cluster.reach_service(namespace.name, "upgraded", 8080) as base_url:
        client = PrestoClient(base_url)
        wait_until(lambda: client.serves_with(1), timeout=60, what="the worker")

        with steady_load(client, [LONG], clients=2) as tally:
            wait_until(lambda: tally.right >= 1, timeout=180, what="a load that runs")
            namespace.apply(small("0.287", drain_timeout="20s"))
            wait_until(
                lambda: namespace.condition("upgraded", "Progressing")["reason"] == "WaitingForQueries",
                timeout=300,
                what="the new generation to wait for the queries",
            )
            message = namespace.condition("upgraded", "Progressing")["message"]
            assert "takes over once no queries run" in message
            namespace.wait_until_settled("upgraded", timeout=300)
            right = tally.right
            wait_until(lambda: tally.right > right, timeout=180, what="an answer of the new release")

        assert releases(client) == {"0.287"}
        rollout = namespace.presto_cluster("upgraded")["status"]["rollout"]
        assert tally.failures.total() <= rollout["queriesInterrupted"], dict(tally.failures)
        assert not [failure for failure in tally.failures if failure.startswith("WRONG_ANSWER")]
        # It was busy: something was cut off at least from its coordinator's point of view, and that is not kept quiet.
        assert rollout["queriesInterrupted"] >= 1
        (told,) = [text for reason, text in namespace.events("upgraded") if reason == "GenerationChanged"]
        assert "may have been interrupted" in told
        (told,) = [text for reason, text in namespace.events("upgraded") if reason == "RolloutFinished"]
        assert f"{rollout['queriesInterrupted']} quer" in told
    namespace.kubectl("delete", "prestocluster", "upgraded")
    wait_until(lambda: not namespace.pods("upgraded"), timeout=120, what="its pods to go")


def releases(client: PrestoClient) -> set[str]:
    """Releases of the servers that the serving coordinator knows, without their build suffix."""
    rows = client.query("SELECT DISTINCT node_version FROM system.runtime.nodes").rows
    return {str(version).split("-", maxsplit=1)[0] for (version,) in rows}

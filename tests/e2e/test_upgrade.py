"""From one Presto release to the next, on an idle cluster."""

from __future__ import annotations

from typing import Any

from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.resources import Namespace, Resource, manifest
from tests.kit.sql import PrestoClient


def small(version: str) -> Resource:
    """A cluster of one worker, two of which find room on the test's nodes side by side."""
    role: dict[str, Any] = {
        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "1536Mi"}},
        # Servers that live for minutes start sooner without the optimising compiler.
        "jvm": {"heapPercent": 60, "extraArgs": ["-XX:TieredStopAtLevel=1"]},
    }
    return manifest("upgraded", version=version, coordinator=role, workers={"replicas": 1, **role})


def test_a_release_takes_over_when_it_is_ready(cluster: Cluster, namespace: Namespace) -> None:
    namespace.apply(small("0.283"))
    namespace.wait_until_settled("upgraded", timeout=300)
    with cluster.reach_service(namespace.name, "upgraded", 8080) as base_url:
        client = PrestoClient(base_url)
        wait_until(lambda: client.active_workers() == 1, timeout=60, what="the worker")
        assert releases(client) == {"0.283"}

        namespace.apply(small("0.287"))
        namespace.wait_for_condition("upgraded", "Progressing", "True", timeout=30)
        # While the new generation starts, the old one answers.
        assert client.query("SELECT count(*) FROM orders").rows == [(15_000,)]
        assert releases(client) == {"0.283"}
        namespace.wait_until_settled("upgraded", timeout=300)

        wait_until(lambda: releases(client) == {"0.287"}, timeout=60, what="the new release to serve")
        wait_until(lambda: client.active_workers() == 1, timeout=60, what="its worker")
        assert client.query("SELECT count(*) FROM orders").rows == [(15_000,)]
    wait_until(lambda: len(namespace.pods("upgraded")) == 2, timeout=120, what="the old generation to go")
    namespace.kubectl("delete", "prestocluster", "upgraded")
    wait_until(lambda: not namespace.pods("upgraded"), timeout=120, what="its pods to go")


def releases(client: PrestoClient) -> set[str]:
    """Releases of the servers that the serving coordinator knows, without their build suffix."""
    rows = client.query("SELECT DISTINCT node_version FROM system.runtime.nodes").rows
    return {str(version).split("-", maxsplit=1)[0] for (version,) in rows}

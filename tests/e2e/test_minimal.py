"""The README's first manifest, as it stands."""

from __future__ import annotations

from pathlib import Path

from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient

EXAMPLE = Path(__file__).parents[2] / "examples" / "minimal.yaml"


def test_minimal_answers_sql_and_moves_to_another_release(cluster: Cluster, namespace: Namespace) -> None:
    old = EXAMPLE.read_text().replace('"0.287"', '"0.283"').replace("replicas: 2", "replicas: 1")
    namespace.kubectl("apply", "--filename=-", stdin=old)
    namespace.kubectl("wait", "--for=condition=Ready", "--timeout=55s", "prestocluster/minimal", check=False)
    namespace.wait_until_settled("minimal", timeout=300)
    with cluster.reach_service(namespace.name, "minimal", 8080) as base_url:
        client = PrestoClient(base_url)
        wait_until(lambda: client.active_workers() == 1, timeout=60, what="the worker")
        assert client.query("SELECT count(*) FROM orders").rows == [(15_000,)]
        assert versions(client) == {"0.283"}

        namespace.kubectl("apply", f"--filename={EXAMPLE}")
        namespace.wait_for_condition("minimal", "Progressing", "True", timeout=30)
        namespace.wait_until_settled("minimal", timeout=300)

        wait_until(lambda: versions(client) == {"0.287"}, timeout=60, what="the new release to serve")
        wait_until(lambda: client.active_workers() == 2, timeout=60, what="two workers")
        assert client.query("SELECT count(*) FROM orders").rows == [(15_000,)]
    wait_until(lambda: len(namespace.pods("minimal")) == 3, timeout=120, what="the old generation to go")


def versions(client: PrestoClient) -> set[str]:
    """Releases of the nodes that the serving coordinator knows, without their build suffix."""
    rows = client.query("SELECT DISTINCT node_version FROM system.runtime.nodes").rows
    return {str(version).split("-", maxsplit=1)[0] for (version,) in rows}

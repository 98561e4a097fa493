"""The README's first manifest, as it stands."""

from __future__ import annotations

from pathlib import Path

from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient

EXAMPLE = Path(__file__).parents[2] / "examples" / "minimal.yaml"


def test_minimal_answers_sql(cluster: Cluster, namespace: Namespace) -> None:
    namespace.kubectl("apply", f"--filename={EXAMPLE}")
    namespace.wait_until_settled("minimal", timeout=300)

    with cluster.reach_service(namespace.name, "minimal", 8080) as base_url:
        client = PrestoClient(base_url)
        wait_until(lambda: client.serves_with(2), timeout=60, what="two workers")
        assert client.query("SELECT count(*) FROM orders").rows == [(15_000,)]
    namespace.kubectl("delete", "prestocluster", "minimal")
    wait_until(lambda: not namespace.pods("minimal"), timeout=120, what="its pods to go")

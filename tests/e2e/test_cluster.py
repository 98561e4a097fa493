"""A Presto cluster on spot nodes, seen from the outside."""

from __future__ import annotations

import json

import pytest
import requests

from tests.e2e.shapes import NAME, SPOT, SPOT_MANIFEST, WORKERS
from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit import installation
from tests.kit.kubernetes_api import ApiRefusedError
from tests.kit.pods import names
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient

pytestmark = pytest.mark.standing(SPOT)


@pytest.mark.parametrize(
    ("schema", "table", "rows"),
    # Counts of the TPC-H specification: scale factor 1 and, for tiny, 0.01.
    [
        ("tiny", "nation", 25),
        ("tiny", "customer", 1_500),
        ("tiny", "orders", 15_000),
        ("tiny", "lineitem", 60_175),
        ("sf1", "supplier", 10_000),
        ("sf1", "orders", 1_500_000),
    ],
)
@pytest.mark.page("resource")
def test_sql_counts_are_those_of_tpch(client: PrestoClient, schema: str, table: str, rows: int) -> None:
    assert client.query(f"SELECT count(*) FROM tpch.{schema}.{table}").rows == [(rows,)]


def test_a_join_over_all_workers_is_right(client: PrestoClient) -> None:
    answer = client.query(
        "SELECT r.name, count(*) FROM customer c JOIN nation n ON c.nationkey = n.nationkey "
        "JOIN region r ON n.regionkey = r.regionkey GROUP BY r.name ORDER BY r.name"
    )

    assert [name for name, _ in answer.rows] == ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"]
    assert sum(count for _, count in answer.rows) == 1_500


@pytest.mark.page("spot")
@pytest.mark.promise("cheap")
def test_spot_comes_first_over_all_families_and_on_demand_is_the_base(
    cluster: Cluster, presto: Namespace, client: PrestoClient
) -> None:
    workers = presto.pods(NAME, "worker")

    pools = [(pod["metadata"]["labels"]["prestooperator.io/pool"], pod["spec"]["nodeName"]) for pod in workers]
    node = cluster.node_name
    assert sorted(pools) == [("base", node("system")), ("spot", node("r5")), ("spot", node("r6"))]
    (coordinator,) = presto.pods(NAME, "coordinator")
    assert coordinator["spec"]["nodeName"] == node("system")
    answer = client.query("SELECT node_id FROM system.runtime.nodes WHERE NOT coordinator AND state = 'active'")
    assert {str(node_id) for (node_id,) in answer.rows} == names(workers)


@pytest.mark.page("security")
def test_all_of_this_runs_in_a_namespace_that_enforces_restricted_and_a_quota(presto: Namespace) -> None:
    root = {"name": "root", "image": "localhost/none", "securityContext": {"privileged": True}}

    with pytest.raises(ApiRefusedError, match='violates PodSecurity "restricted'):
        presto.api.create(
            presto.api.path("pods", presto.name), {"metadata": {"name": "root"}, "spec": {"containers": [root]}}
        )

    used = presto.get("resourcequotas", "team")["status"]["used"]
    assert int(used["pods"]) >= WORKERS + 1
    for pod in presto.pods(NAME):
        assert pod["status"]["phase"] == "Running"
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True


@pytest.mark.page("operations")
def test_status_and_metrics_carry_prestos_own_numbers(
    cluster: Cluster, presto: Namespace, client: PrestoClient
) -> None:
    wait_until(
        lambda: (
            presto.presto_cluster(NAME)["status"].get("queries")
            == {"running": 0, "queued": 0, "blocked": 0, "waiting": 0, "heldBack": 0}
        ),
        timeout=60,
        what="queries in status",
    )
    # Numbers that move all the time are written every half minute.
    wait_until(
        lambda: presto.presto_cluster(NAME)["status"]["workers"].get("active") == WORKERS,
        timeout=60,
        what="all workers to be active",
    )
    assert client.active_workers() == WORKERS

    with cluster.reach_service(installation.NAMESPACE, "presto-operator-metrics", 8081) as base_url:
        metrics = requests.get(f"{base_url}/metrics", timeout=10).text
        assert requests.get(f"{base_url}/healthz", timeout=10).status_code == 200
    labels = f'cluster="{NAME}",namespace="{presto.name}"'
    assert f"presto_operator_cluster_active_workers{{{labels}}} {WORKERS}.0" in metrics


@pytest.mark.page("operations", "upgrading")
@pytest.mark.promise("gitops")
def test_an_upgrade_of_the_operator_and_a_second_apply_change_nothing(cluster: Cluster, presto: Namespace) -> None:
    def stable_versions() -> dict[str, str]:
        # A kubelet writes the status of its pods as it likes; what counts is that each pod is the same one.
        versions = presto.resource_versions(NAME)
        pods = {f"Pod/{pod['metadata']['name']}": pod["metadata"]["uid"] for pod in presto.pods(NAME)}
        return {**versions, **pods}

    presto.wait_until_quiet(NAME, timeout=60)
    before = stable_versions()
    restarted = installation.operator_pod(cluster)
    upgrade = ("upgrade", installation.RELEASE, str(installation.CHART), "--reuse-values", "--wait", "--timeout=2m")
    installation.helm(cluster, *upgrade, "--set=podAnnotations.upgraded=yes")
    wait_until(lambda: installation.operator_pod(cluster) not in ("", restarted), timeout=60, what="another operator")
    assert "unchanged" in presto.apply(SPOT_MANIFEST)
    clusters = len(json.loads(cluster.kubectl("get", "prestoclusters", "-A", "-o", "json").stdout)["items"])
    with cluster.reach_service(installation.NAMESPACE, "presto-operator-metrics", 8081) as base_url:
        wait_until(
            lambda: _passes(base_url) >= 3 * clusters, timeout=60, what="three passes of the new operator a cluster"
        )

    assert stable_versions() == before


def _passes(base_url: str) -> float:
    for line in requests.get(f"{base_url}/metrics", timeout=10).text.splitlines():
        if line.startswith("presto_operator_reconcile_duration_seconds_count"):
            return float(line.rpartition(" ")[2])
    return 0.0

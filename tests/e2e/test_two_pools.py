"""One Presto cluster on two pools of real nodes, seen from the outside. The tests build on each other's cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit import installation
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient

EXAMPLE = yaml.safe_load((Path(__file__).parents[2] / "examples" / "two-pools.yaml").read_text())
NAME = EXAMPLE["metadata"]["name"]
START_SECONDS = 300


@pytest.fixture(scope="module")
def presto(shared_namespace: Namespace) -> Namespace:
    """The namespace in which the example runs."""
    shared_namespace.apply(EXAMPLE)
    shared_namespace.wait_until_settled(NAME, timeout=START_SECONDS)
    return shared_namespace


@pytest.fixture(scope="module")
def client(cluster: Cluster, presto: Namespace) -> Iterator[PrestoClient]:
    """A client of its Service, once Presto has heard of both workers."""
    with cluster.reach_service(presto.name, NAME, 8080) as base_url:
        client = PrestoClient(base_url)
        wait_until(lambda: client.serves_with(2), timeout=60, what="two active workers")
        yield client


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
def test_sql_counts_are_those_of_tpch(client: PrestoClient, schema: str, table: str, rows: int) -> None:
    assert client.query(f"SELECT count(*) FROM tpch.{schema}.{table}").rows == [(rows,)]


def test_a_join_over_both_workers_is_right(client: PrestoClient) -> None:
    answer = client.query(
        "SELECT r.name, count(*) FROM customer c JOIN nation n ON c.nationkey = n.nationkey "
        "JOIN region r ON n.regionkey = r.regionkey GROUP BY r.name ORDER BY r.name"
    )

    assert [name for name, _ in answer.rows] == ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"]
    assert sum(count for _, count in answer.rows) == 1_500


def test_the_workers_are_real_and_on_the_nodes_of_their_pools(presto: Namespace, client: PrestoClient) -> None:
    workers = presto.pods(NAME, "worker")

    node_by_pool = {pod["metadata"]["labels"]["prestooperator.io/pool"]: pod["spec"]["nodeName"] for pod in workers}
    assert node_by_pool == {"r5": "r5", "r6": "r6"}
    answer = client.query("SELECT node_id, node_version, coordinator, state FROM system.runtime.nodes")
    (coordinator,) = presto.pods(NAME, "coordinator")
    assert {node_id: rest for node_id, *rest in answer.rows} == {
        **{pod["metadata"]["name"]: [_version(answer.rows), False, "active"] for pod in workers},
        coordinator["metadata"]["name"]: [_version(answer.rows), True, "active"],
    }
    assert _version(answer.rows).startswith("0.287")


def test_the_jvm_has_the_heap_and_the_server_the_properties_that_were_asked_for(presto: Namespace) -> None:
    (worker, *_) = presto.pods(NAME, "worker")

    command = presto.kubectl("exec", worker["metadata"]["name"], "--", "cat", "/proc/1/cmdline")

    assert "-Xmx900M" in command.split("\0")
    properties = presto.kubectl("exec", worker["metadata"]["name"], "--", "cat", "/etc/presto/config.properties")
    assert "query.max-memory-per-node=300MB" in properties.splitlines()


def test_kubectl_scale_changes_prestos_own_count(presto: Namespace, client: PrestoClient) -> None:
    presto.kubectl("scale", f"prestocluster/{NAME}", "--replicas=4")

    wait_until(lambda: client.active_workers() == 4, timeout=180, what="four active workers")
    resource = presto.wait_until_settled(NAME, timeout=60)
    assert resource["status"]["workers"]["pools"] == [
        {"name": "r5", "replicas": 2, "readyReplicas": 2},
        {"name": "r6", "replicas": 2, "readyReplicas": 2},
    ]
    assert client.query("SELECT count(*) FROM lineitem").rows == [(60_175,)]

    presto.kubectl("scale", f"prestocluster/{NAME}", "--replicas=2")

    wait_until(lambda: client.active_workers() == 2, timeout=180, what="two active workers")
    presto.wait_until_settled(NAME, timeout=60)
    wait_until(lambda: len(presto.pods(NAME, "worker")) == 2, timeout=120, what="the drained workers to go")


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
        lambda: presto.presto_cluster(NAME)["status"]["workers"].get("active") == 2,
        timeout=60,
        what="two active workers",
    )
    assert client.active_workers() == 2

    with cluster.reach_service(installation.NAMESPACE, "presto-operator-metrics", 8081) as base_url:
        metrics = requests.get(f"{base_url}/metrics", timeout=10).text
        assert requests.get(f"{base_url}/healthz", timeout=10).status_code == 200
    labels = f'cluster="{NAME}",namespace="{presto.name}"'
    assert f"presto_operator_cluster_active_workers{{{labels}}} 2.0" in metrics


def test_an_operator_restart_and_a_second_apply_change_nothing(cluster: Cluster, presto: Namespace) -> None:
    def stable_versions() -> dict[str, str]:
        # A kubelet writes the status of its pods as it likes; what counts is that each pod is the same one.
        versions = presto.resource_versions(NAME)
        pods = {f"Pod/{pod['metadata']['name']}": pod["metadata"]["uid"] for pod in presto.pods(NAME)}
        return {**versions, **pods}

    presto.wait_until_quiet(NAME, timeout=60)
    before = stable_versions()
    operator = ("--namespace", installation.NAMESPACE, "rollout")
    cluster.kubectl(*operator, "restart", "deployment/presto-operator")
    cluster.kubectl(*operator, "status", "deployment/presto-operator", "--timeout=120s", timeout=130)
    assert "unchanged" in presto.apply(EXAMPLE)
    with cluster.reach_service(installation.NAMESPACE, "presto-operator-metrics", 8081) as base_url:
        wait_until(lambda: _passes(base_url) >= 3, timeout=60, what="three passes of the new operator")

    assert stable_versions() == before


def test_deleted_workers_come_back_and_sql_goes_on(presto: Namespace, client: PrestoClient) -> None:
    deployments = [
        key.lower() for key, child in presto.children(NAME).items() if key.startswith("Deployment/") and "-r5-" in key
    ]
    presto.kubectl("delete", *deployments)

    presto.wait_for_condition(NAME, "Progressing", "True", timeout=30)
    presto.wait_until_settled(NAME, timeout=START_SECONDS)

    wait_until(lambda: client.serves_with(2), timeout=60, what="two active workers")
    assert client.query("SELECT count(*) FROM lineitem").rows == [(60_175,)]
    # What was deleted has drained by then, so that the tests after this one see those pods only that stay.
    wait_until(lambda: len(presto.pods(NAME, "worker")) == 2, timeout=120, what="the deleted workers to go")


def test_an_image_that_is_not_there_hurts_nobody(presto: Namespace, client: PrestoClient) -> None:
    pods = {pod["metadata"]["uid"] for pod in presto.pods(NAME)}
    bad = json.loads(json.dumps(EXAMPLE))
    bad["spec"]["image"] = {"tag": "no-such-tag", "pullPolicy": "Never"}

    presto.apply(bad)

    condition = presto.wait_for_condition(NAME, "Degraded", "True", timeout=90)
    assert "ErrImageNeverPull" in condition["message"]
    assert presto.condition(NAME, "Ready")["status"] == "True"
    assert pods <= {pod["metadata"]["uid"] for pod in presto.pods(NAME)}
    assert client.query("SELECT count(*) FROM lineitem").rows == [(60_175,)]

    presto.apply(EXAMPLE)
    presto.wait_for_condition(NAME, "Degraded", "False", timeout=60)
    wait_until(lambda: {pod["metadata"]["uid"] for pod in presto.pods(NAME)} == pods, timeout=60, what="old pods only")


def test_the_operator_has_the_rights_it_needs(cluster: Cluster) -> None:
    log = cluster.kubectl("--namespace", installation.NAMESPACE, "logs", "deployment/presto-operator").stdout

    assert log
    assert "is forbidden: User" not in log
    roles = json.loads(
        cluster.kubectl("get", "clusterroles", "-l", "app.kubernetes.io/name=presto-operator", "-o", "json").stdout
    )["items"]
    rules = [rule for role in roles for rule in role["rules"]]
    assert rules
    assert not [rule for rule in rules if "*" in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])]


def test_deleting_it_removes_everything(presto: Namespace) -> None:
    presto.kubectl("delete", "prestocluster", NAME)

    wait_until(lambda: not presto.children(NAME) and not presto.pods(NAME), timeout=120, what="everything to go")


def _version(rows: list[tuple[object, ...]]) -> str:
    versions = {str(row[1]) for row in rows}
    assert len(versions) == 1, versions
    return versions.pop()


def _passes(base_url: str) -> float:
    for line in requests.get(f"{base_url}/metrics", timeout=10).text.splitlines():
        if line.startswith("presto_operator_reconcile_duration_seconds_count"):
            return float(line.rpartition(" ")[2])
    return 0.0

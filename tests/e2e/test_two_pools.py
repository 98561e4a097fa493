"""The example of two pools, on real nodes of each."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.pods import uids
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient
from tests.kit.standing import shape

EXAMPLE = yaml.safe_load((Path(__file__).parents[2] / "examples" / "two-pools.yaml").read_text())
NAME = EXAMPLE["metadata"]["name"]
START_SECONDS = 300

pytestmark = [
    pytest.mark.standing(shape("two-pools", EXAMPLE)),
    pytest.mark.long(
        "a cluster more, and several starts and drains of its workers; the first tier has pools on spot nodes"
    ),
]


def test_the_workers_are_real_and_on_the_nodes_of_their_pools(
    cluster: Cluster, presto: Namespace, client: PrestoClient
) -> None:
    workers = presto.pods(NAME, "worker")

    node_by_pool = {pod["metadata"]["labels"]["prestooperator.io/pool"]: pod["spec"]["nodeName"] for pod in workers}
    assert node_by_pool == {pool: cluster.node_name(pool) for pool in ("r5", "r6")}
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
    pods = uids(presto.pods(NAME))
    bad = deepcopy(EXAMPLE)
    bad["spec"]["image"] = {"tag": "no-such-tag", "pullPolicy": "Never"}

    presto.apply(bad)

    condition = presto.wait_for_condition(NAME, "Degraded", "True", timeout=90)
    assert "ErrImageNeverPull" in condition["message"]
    assert presto.condition(NAME, "Ready")["status"] == "True"
    assert pods <= uids(presto.pods(NAME))
    assert client.query("SELECT count(*) FROM lineitem").rows == [(60_175,)]

    presto.apply(EXAMPLE)
    presto.wait_for_condition(NAME, "Degraded", "False", timeout=60)
    wait_until(lambda: uids(presto.pods(NAME)) == pods, timeout=60, what="old pods only")


def test_deleting_it_removes_everything(presto: Namespace) -> None:
    presto.kubectl("delete", "prestocluster", NAME)

    wait_until(lambda: not presto.children(NAME) and not presto.pods(NAME), timeout=120, what="everything to go")


def _version(rows: list[tuple[object, ...]]) -> str:
    versions = {str(row[1]) for row in rows}
    assert len(versions) == 1, versions
    return versions.pop()

"""What a manifest says of its configuration is what a real Presto goes by, with that of docs/configuration.md."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.documentation import manifests
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient

NAME = "configured"


@pytest.fixture(scope="module")
def presto(shared_namespace: Namespace) -> Namespace:
    """The namespace in which the page's cluster runs."""
    (resource,) = manifests("configuration")
    for role in ("coordinator", "workers"):
        # Servers that live for minutes start sooner without the optimising compiler.
        resource["spec"][role]["jvm"].setdefault("extraArgs", []).append("-XX:TieredStopAtLevel=1")
    shared_namespace.apply(resource)
    shared_namespace.wait_until_settled(NAME, timeout=300)
    return shared_namespace


@pytest.fixture(scope="module")
def base_url(cluster: Cluster, presto: Namespace) -> Iterator[str]:
    """Its address."""
    with cluster.reach_service(presto.name, NAME, 8080) as url:
        wait_until(lambda: PrestoClient(url).active_workers() == 1, timeout=60, what="the worker")
        yield url


@pytest.mark.parametrize(("user", "group"), [("anna", '[ "adhoc", "anna" ]'), ("etl-nightly", '[ "etl" ]')])
def test_a_query_is_in_the_resource_group_of_its_user(base_url: str, user: str, group: str) -> None:
    answer = PrestoClient(base_url, user=user).query(
        f"SELECT DISTINCT resource_group_id FROM system.runtime.queries WHERE \"user\" = '{user}'"
    )
    assert answer.rows == [(group,)]


@pytest.mark.parametrize(("user", "value"), [("anna", "100.00d"), ("etl-nightly", "8h")])
def test_a_session_rule_sets_the_defaults_of_its_users(base_url: str, user: str, value: str) -> None:
    session = {row[0]: row[1] for row in PrestoClient(base_url, user=user).query("SHOW SESSION").rows}
    assert session["query_max_run_time"] == value


def test_each_role_has_its_own_files_and_flags(presto: Namespace) -> None:
    (worker,) = presto.pods(NAME, "worker")
    (coordinator,) = presto.pods(NAME, "coordinator")

    def read(pod: dict[str, dict[str, str]], path: str) -> str:
        return presto.kubectl("exec", pod["metadata"]["name"], "--", "cat", path)

    assert {"-Xmx900M", "-XX:+UseStringDeduplication", "-Dnode.location=rack-7"} <= set(
        read(worker, "/proc/1/cmdline").split("\0")
    )
    assert "-XX:HeapDumpPath=/var/lib/presto" in read(coordinator, "/proc/1/cmdline").split("\0")
    assert "-Dnode.location=rack-7" not in read(coordinator, "/proc/1/cmdline").split("\0")
    assert "com.facebook.presto.execution=DEBUG" in read(coordinator, "/etc/presto/log.properties").splitlines()
    assert "\tDEBUG\t" in presto.kubectl("logs", coordinator["metadata"]["name"])
    assert "\tDEBUG\t" not in presto.kubectl("logs", worker["metadata"]["name"])

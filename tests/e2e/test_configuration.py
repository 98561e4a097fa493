"""What a manifest says of its configuration is what a real Presto goes by, with that of docs/configuration.md."""

from __future__ import annotations

import pytest

from tests.e2e.extended import EXTENDED, NAME, WORKERS
from tests.kit.resources import Namespace, Resource
from tests.kit.sql import PrestoClient

pytestmark = [pytest.mark.standing(EXTENDED), pytest.mark.page("configuration"), pytest.mark.promise("any-presto")]


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
    workers = presto.pods(NAME, "worker")
    (coordinator,) = presto.pods(NAME, "coordinator")

    def read(pod: Resource, path: str) -> str:
        return presto.kubectl("exec", pod["metadata"]["name"], "--", "cat", path)

    assert len(workers) == WORKERS
    for worker in workers:
        assert {"-Xmx900M", "-XX:+UseStringDeduplication", "-Dnode.location=rack-7"} <= set(
            read(worker, "/proc/1/cmdline").split("\0")
        )
        assert "\tDEBUG\t" not in presto.kubectl("logs", worker["metadata"]["name"])
    assert "-XX:HeapDumpPath=/var/lib/presto" in read(coordinator, "/proc/1/cmdline").split("\0")
    assert "-Dnode.location=rack-7" not in read(coordinator, "/proc/1/cmdline").split("\0")
    assert "com.facebook.presto.execution=DEBUG" in read(coordinator, "/etc/presto/log.properties").splitlines()
    assert "\tDEBUG\t" in presto.kubectl("logs", coordinator["metadata"]["name"])

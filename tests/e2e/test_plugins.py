"""Functions of our own and kernel settings, asked for in the manifest and seen from inside of every server."""

from __future__ import annotations

import pytest

from tests.e2e.extended import EXTENDED, NAME, SYSCTLS, WORKERS, extended_cluster
from tests.harness.waiting import wait_until
from tests.kit.plugin import FUNCTION, plugin_server, plugin_sha256
from tests.kit.pods import names, staying
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient

pytestmark = pytest.mark.standing(EXTENDED)

# Every row is seen by the worker that reads it.
HOSTS = f"SELECT DISTINCT {FUNCTION}(orderkey) FROM tpch.tiny.orders"


@pytest.mark.page("plugins")
@pytest.mark.promise("any-presto")
def test_a_function_from_an_image_runs_on_every_worker(presto: Namespace, client: PrestoClient) -> None:
    assert hosts(client) == workers(presto)


@pytest.mark.page("plugins")
def test_the_images_own_plugins_are_still_there(client: PrestoClient) -> None:
    assert client.query("SELECT count(*) FROM tpch.tiny.orders").rows == [(15_000,)]
    assert {"tpch", "system"} <= {str(name) for (name,) in client.query("SHOW CATALOGS").rows}


@pytest.mark.page("operating-system")
@pytest.mark.promise("any-presto")
@pytest.mark.parametrize("name", SYSCTLS)
def test_a_kernel_setting_is_read_back_in_every_server(presto: Namespace, name: str) -> None:
    pods = presto.pods(NAME)
    assert len(pods) == 1 + WORKERS
    for pod in pods:
        file = "/proc/sys/" + name.replace(".", "/")
        value = presto.kubectl("exec", pod["metadata"]["name"], "--", "cat", file).strip()
        assert value == SYSCTLS[name]


@pytest.mark.long("a second generation of three servers, to fetch by URL what the first one has by image")
def test_a_function_from_a_url_runs_on_every_worker(presto: Namespace, client: PrestoClient) -> None:
    url, server = plugin_server(presto.name)
    for resource in server:
        presto.apply(resource)
    presto.kubectl("rollout", "status", "deployment/plugin-server", "--timeout=50s")
    from_image = workers(presto)

    presto.apply(extended_cluster({"name": "our-functions", "url": url, "sha256": plugin_sha256()}))
    presto.wait_for_condition(NAME, "Progressing", "True", timeout=30)
    presto.wait_until_settled(NAME, timeout=300)
    wait_until(lambda: client.serves_with(WORKERS), timeout=60, what="the workers of the new generation")

    assert not hosts(client) & from_image
    assert hosts(client) == workers(presto)


def hosts(client: PrestoClient) -> set[str]:
    """The hosts on which the function says that it was called."""
    return {str(host) for (host,) in client.query(HOSTS).rows}


def workers(presto: Namespace) -> set[str]:
    """The names of the worker pods that are to stay."""
    return names(staying(presto.pods(NAME, "worker")))

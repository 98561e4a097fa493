"""Functions of our own and kernel settings, asked for in the manifest and seen from inside of every server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import UNSAFE_SYSCTL
from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.plugin import FUNCTION, IMAGE_PATH, PLUGIN, plugin_server, plugin_sha256
from tests.kit.resources import Namespace, Resource, manifest
from tests.kit.sizes import small_server
from tests.kit.sql import PrestoClient

NAME = "extended"
WORKERS = 2
# One that every node allows, and one that a node has to allow first.
SYSCTLS = {"kernel.shm_rmid_forced": "1", UNSAFE_SYSCTL: "1234"}
FROM_IMAGE = {"name": "our-functions", "image": PLUGIN.reference, "path": IMAGE_PATH, "pullPolicy": "Never"}
# Every row is seen by the worker that reads it.
HOSTS = f"SELECT DISTINCT {FUNCTION}(orderkey) FROM tpch.tiny.orders"


def cluster_of(plugin: dict[str, str]) -> Resource:
    """A cluster with a plugin and kernel settings, on the nodes that allow them: the third has a taint."""
    return manifest(
        NAME,
        coordinator=small_server(),
        workers={"replicas": WORKERS, **small_server()},
        plugins=[plugin],
        sysctls=SYSCTLS,
    )


@pytest.fixture(scope="module")
def presto(shared_namespace: Namespace) -> Namespace:
    """The namespace in which it runs, with the plugin from its image."""
    shared_namespace.apply(cluster_of(FROM_IMAGE))
    shared_namespace.wait_until_settled(NAME, timeout=300)
    return shared_namespace


@pytest.fixture(scope="module")
def client(cluster: Cluster, presto: Namespace) -> Iterator[PrestoClient]:
    """A client of it, once Presto has heard of its workers."""
    with cluster.reach_service(presto.name, NAME, 8080) as base_url:
        client = PrestoClient(base_url)
        wait_until(lambda: client.serves_with(WORKERS), timeout=60, what="the workers")
        yield client


def test_a_function_from_an_image_runs_on_every_worker(presto: Namespace, client: PrestoClient) -> None:
    assert hosts(client) == workers(presto)


def test_the_images_own_plugins_are_still_there(client: PrestoClient) -> None:
    assert client.query("SELECT count(*) FROM tpch.tiny.orders").rows == [(15_000,)]
    assert {"tpch", "system"} <= {str(name) for (name,) in client.query("SHOW CATALOGS").rows}


@pytest.mark.parametrize("name", SYSCTLS)
def test_a_kernel_setting_is_read_back_in_every_server(presto: Namespace, name: str) -> None:
    pods = presto.pods(NAME)
    assert len(pods) == 1 + WORKERS
    for pod in pods:
        file = "/proc/sys/" + name.replace(".", "/")
        value = presto.kubectl("exec", pod["metadata"]["name"], "--", "cat", file).strip()
        assert value == SYSCTLS[name]


def test_a_function_from_a_url_runs_on_every_worker(presto: Namespace, client: PrestoClient) -> None:
    url, server = plugin_server(presto.name)
    for resource in server:
        presto.apply(resource)
    presto.kubectl("rollout", "status", "deployment/plugin-server", "--timeout=50s")
    from_image = workers(presto)

    presto.apply(cluster_of({"name": "our-functions", "url": url, "sha256": plugin_sha256()}))
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
    return {
        pod["metadata"]["name"] for pod in presto.pods(NAME, "worker") if "deletionTimestamp" not in pod["metadata"]
    }

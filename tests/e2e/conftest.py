"""Real nodes, real Presto, and the operator installed by Helm."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.harness.choice import provider_for
from tests.harness.interface import Cluster
from tests.harness.spec import ClusterSpec, NodeSpec, Taint
from tests.kit.data_platform import DataPlatform
from tests.kit.installation import install, operator_image
from tests.kit.plugin import PLUGIN
from tests.kit.resources import Namespace

_CLUSTER_NAME = "e2e-tests"
_numbers = itertools.count(1)

# A kernel setting that a node has to allow, and that a network of a pod's own may have of its own.
UNSAFE_SYSCTL = "net.core.somaxconn"

NODES = (
    NodeSpec("system", allowed_unsafe_sysctls=(UNSAFE_SYSCTL,)),
    NodeSpec("r5", {"pool": "r5"}, (Taint("spot", "NoSchedule", "true"),)),
    NodeSpec("r6", {"pool": "r6"}, allowed_unsafe_sysctls=(UNSAFE_SYSCTL,)),
)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster of three real nodes, with the operator in it."""
    provider = provider_for("auto")
    provider.down(_CLUSTER_NAME)
    image = operator_image(provider.name)
    # What changes most comes last: nodes unpack only what is after the first that changed.
    images = (*DataPlatform.images(provider.name), PLUGIN.image(provider.name), image)
    spec = ClusterSpec(
        name=_CLUSTER_NAME,
        nodes=NODES,
        presto_versions=("0.283", "0.287"),
        images=tuple(each.file for each in images),
    )
    cluster = provider.up(spec)
    install(cluster, image)
    yield cluster
    provider.down(_CLUSTER_NAME)


def _namespace(cluster: Cluster) -> Iterator[Namespace]:
    name = f"test-{next(_numbers)}"
    cluster.kubectl("create", "namespace", name)
    yield Namespace(cluster, name)
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[Namespace]:
    """A namespace of the test's own."""
    yield from _namespace(cluster)


@pytest.fixture(scope="module")
def shared_namespace(cluster: Cluster) -> Iterator[Namespace]:
    """A namespace for the tests of a module that look at one Presto cluster."""
    yield from _namespace(cluster)

"""Real nodes, real Presto, and the operator installed by Helm."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import partial

import pytest

from tests.e2e.shapes import NODES
from tests.harness.choice import provider_for
from tests.harness.interface import Cluster
from tests.harness.progress import say
from tests.harness.spec import ClusterSpec
from tests.kit.data_platform import DataPlatform
from tests.kit.installation import install, operator_image
from tests.kit.kubernetes_api import KubernetesApi
from tests.kit.plugin import PLUGIN
from tests.kit.resources import Namespace
from tests.kit.sql import PrestoClient
from tests.kit.standing import HTTP_PORT, Shape, Standing, StandingClusters, stand

_CLUSTER_NAME = "e2e-tests"
_FAILED = pytest.StashKey[bool]()


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
    try:
        cluster = provider.up(spec)
        # The data platform has a namespace of its own.
        install(cluster, image, "tenants.metastoreHosts={*}")
        yield cluster
    finally:
        provider.down(_CLUSTER_NAME)


def _shape_of(item: pytest.Item) -> Shape | None:
    mark = item.get_closest_marker("standing")
    if mark is None:
        return None
    (shape,) = mark.args
    assert isinstance(shape, Shape)
    return shape


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that use one standing cluster run one after the other."""
    first: dict[Shape, int] = {}
    positions: dict[pytest.Item, int] = {}
    for number, item in enumerate(items):
        shape = _shape_of(item)
        positions[item] = number if shape is None else first.setdefault(shape, number)
    items.sort(key=lambda item: positions[item])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test failed, for its fixtures."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.fixture(scope="session")
def standing_clusters(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[StandingClusters]:
    """All standing clusters."""
    uses = [_shape_of(item) for item in request.session.items]
    clusters = StandingClusters(uses, partial(stand, cluster, KubernetesApi(cluster.kubeconfig)))
    yield clusters
    clusters.close()


@pytest.fixture
def standing(request: pytest.FixtureRequest, standing_clusters: StandingClusters) -> Iterator[Standing]:
    """The standing cluster that the marker `standing` names, whole; it is put back afterwards."""
    mark = request.node.get_closest_marker("standing")
    assert mark is not None, "pytest.mark.standing has to name a shape"
    test = request.session.items.index(request.node)
    standing = standing_clusters.use(test)
    yield standing
    has_failed = request.node.stash.get(_FAILED, False)
    if has_failed:
        say(standing.describe())
    standing_clusters.leave(test, standing, is_reusable=mark.kwargs.get("reusable", True) and not has_failed)


@pytest.fixture
def presto(standing: Standing) -> Namespace:
    """The namespace of the standing cluster."""
    return standing.namespace


@pytest.fixture
def base_url(cluster: Cluster, standing: Standing) -> Iterator[str]:
    """The address of the standing cluster's Service."""
    with cluster.reach_service(standing.namespace.name, standing.name, HTTP_PORT) as base_url:
        yield base_url


@pytest.fixture
def client(base_url: str) -> PrestoClient:
    """A client of the standing cluster."""
    return PrestoClient(base_url)

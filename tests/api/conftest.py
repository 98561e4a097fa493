"""A real API server whose nodes and pods kwok plays, and the operator as a process."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.harness.choice import provider_for
from tests.harness.interface import Cluster
from tests.harness.spec import ClusterSpec
from tests.kit.operator_process import OperatorProcess
from tests.kit.resources import Namespace

_CLUSTER_NAME = "api-tests"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A control plane with five fake nodes and the CRD."""
    provider = provider_for("auto")
    provider.down(_CLUSTER_NAME)
    cluster = provider.up(ClusterSpec(name=_CLUSTER_NAME, presto_versions=()))
    cluster.kwok_nodes(5)
    crds = request.config.rootpath / "crds"
    cluster.kubectl("apply", "--server-side", f"--filename={crds}")
    cluster.kubectl("wait", "--for=condition=Established", "crd/prestoclusters.prestooperator.io")
    yield cluster
    provider.down(_CLUSTER_NAME)


@pytest.fixture(scope="session")
def operator(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    """The running operator."""
    process = OperatorProcess(cluster.kubeconfig, tmp_path_factory.mktemp("operator") / "operator.log")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def namespace(cluster: Cluster, operator: OperatorProcess) -> Iterator[Namespace]:
    """A namespace of the test's own, which the operator looks after."""
    name = f"test-{next(_numbers)}"
    cluster.kubectl("create", "namespace", name)
    yield Namespace(cluster, name)
    cluster.kubectl("delete", "namespace", name, "--wait=false")

"""A real API server whose nodes and pods kwok plays, and the operator as a process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest

from tests.harness.choice import provider_for
from tests.harness.interface import Cluster
from tests.harness.spec import ClusterSpec
from tests.harness.waiting import wait_until
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
    wait_until(lambda: _is_established(cluster), timeout=60, what="the API of PrestoClusters")
    yield cluster
    provider.down(_CLUSTER_NAME)


def _is_established(cluster: Cluster) -> bool:
    # `kubectl wait` gives up on a resource that is so new that it has no conditions yet.
    crd = json.loads(cluster.kubectl("get", "crd", "prestoclusters.prestooperator.io", "--output=json").stdout)
    conditions = crd.get("status", {}).get("conditions") or []
    return ("Established", "True") in [(item["type"], item["status"]) for item in conditions]


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

"""A real API server whose nodes and pods kwok plays, and the operator as a process.

The processes of a test run (pytest-xdist) share both. Each test has a namespace of its own, and nodes of its own
where it does something to nodes. A test that stops its operator, or counts what all of it does, asks for
`own_operator`: that one looks after the test's namespace only, which the shared one ignores.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.choice import provider_for
from tests.harness.interface import Cluster
from tests.harness.paths import clusters_directory
from tests.harness.spec import ClusterSpec
from tests.harness.waiting import wait_until
from tests.kit.fake_pools import FakePools
from tests.kit.kubernetes_api import KubernetesApi
from tests.kit.operator_process import OperatorProcess, RunningOperator
from tests.kit.operator_rights import OperatorAccount, forbidden, operator_account, requests
from tests.kit.played_presto import PlayedPresto, played_presto
from tests.kit.resources import Namespace
from tests.kit.sharing import Facts, SharedByRun
from tests.kit.silent_node import added_silent_node

_CLUSTER_NAME = "api-tests"
_NODES = 5
_SETTINGS = (
    "--reconcile-interval=1s",
    "--handover-interval=200ms",
    "--presto-poll-interval=1s",
    "--metastore-poll-interval=1s",
    "--reference-interval=1s",
    "--status-interval=1s",
    "--worker-min-ready=1s",
)
"""Nothing here takes as long as on real nodes."""
_ALLOWED = (
    "--allow-node-sysctls=true",
    "--allow-host-paths=true",
    "--allow-host-namespaces=true",
    "--allowed-service-accounts=*",
    "--allowed-metastore-hosts=*",
)
"""What the manifests of the documentation, and of tests, ask for."""


@functools.cache
def _everywhere() -> OperatorAccount:
    """The account of the chart's operator."""
    return operator_account("presto-operator")


@functools.cache
def _confined() -> OperatorAccount:
    """The account that it has where it is confined to namespaces."""
    return operator_account("confined", "namespaces={confined}")


_numbers = itertools.count(1)


@dataclass(frozen=True)
class _Ground:
    """What all tests stand on."""

    cluster: Cluster
    operator: RunningOperator
    confined: Path
    """A kubeconfig of the account of operators that are confined to namespaces."""


@pytest.fixture(scope="session")
def ground(
    pytestconfig: pytest.Config, testrun_uid: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Ground]:
    """A control plane with the CRD and a few fake nodes, and the operator of most tests."""
    shared = SharedByRun(clusters_directory().parent / "api-tests", "the control plane of tests/api", testrun_uid)
    directory = tmp_path_factory.mktemp("operator")
    with shared.use(lambda: _brought_up(pytestconfig.rootpath / "crds", directory)) as facts:
        cluster = provider_for("auto").find(_CLUSTER_NAME)
        assert cluster is not None
        yield _Ground(cluster, RunningOperator(facts["port"]), Path(facts["confined"]))


@contextmanager
def _brought_up(crds: Path, directory: Path) -> Iterator[Facts]:
    provider = provider_for("auto")
    provider.down(_CLUSTER_NAME)
    users = (_everywhere().user, _confined().user)
    cluster = provider.up(ClusterSpec(name=_CLUSTER_NAME, presto_versions=(), audited_users=users))
    try:
        cluster.kwok_nodes(_NODES)
        cluster.kubectl("apply", "--server-side", f"--filename={crds}")
        wait_until(lambda: _is_established(cluster), timeout=60, what="the API of PrestoClusters")
        kubeconfigs = {"everywhere": directory / "everywhere", "confined": directory / "confined"}
        _everywhere().create(cluster, kubeconfigs["everywhere"])
        _confined().create(cluster, kubeconfigs["confined"])
        operator = OperatorProcess(
            kubeconfigs["everywhere"], directory / "operator.log", *_SETTINGS, *_ALLOWED, "--exclude-namespace=own-*"
        )
        operator.start()
        yield {"port": operator.port, "confined": str(kubeconfigs["confined"])}
        operator.stop()
        if cluster.audit_log is not None:
            refused = forbidden(requests(cluster.audit_log), users)
            assert refused == [], f"the chart's role doesn't allow what the operator asked for: {refused}"
    finally:
        provider.down(_CLUSTER_NAME)


def _is_established(cluster: Cluster) -> bool:
    # `kubectl wait` gives up on a resource that is so new that it has no conditions yet.
    crd = json.loads(cluster.kubectl("get", "crd", "prestoclusters.prestooperator.io", "--output=json").stdout)
    conditions = crd.get("status", {}).get("conditions") or []
    return ("Established", "True") in [(item["type"], item["status"]) for item in conditions]


@pytest.fixture(scope="session")
def cluster(ground: _Ground) -> Cluster:
    """A control plane with fake nodes and the CRD."""
    return ground.cluster


@pytest.fixture(scope="session")
def api(cluster: Cluster) -> KubernetesApi:
    """Its API server."""
    return KubernetesApi(cluster.kubeconfig)


@pytest.fixture
def namespace(
    request: pytest.FixtureRequest, api: KubernetesApi, cluster: Cluster, worker_id: str
) -> Iterator[Namespace]:
    """A namespace of the test's own, which the shared operator looks after, or the test's own one if it has one."""
    prefix = "own" if "own_operator" in request.fixturenames else "test"
    namespace = Namespace(cluster, f"{prefix}-{worker_id}-{next(_numbers)}", api)
    namespace.create()
    yield namespace
    namespace.delete()


@pytest.fixture
def operator(ground: _Ground, request: pytest.FixtureRequest) -> RunningOperator:
    """The operator that all tests share."""
    assert "own_operator" not in request.fixturenames, "the shared operator ignores the namespace of such a test"
    return ground.operator


@pytest.fixture
def own_operator(ground: _Ground, namespace: Namespace, tmp_path: Path) -> Iterator[OperatorProcess]:
    """An operator of the test's own, confined to its namespace."""
    _confined().bind(ground.cluster, namespace.name)
    process = OperatorProcess(
        ground.confined, tmp_path / "operator.log", *_SETTINGS, *_ALLOWED, f"--namespace={namespace.name}"
    )
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="session")
def confined_account() -> OperatorAccount:
    """The account of the operators that tests have for themselves."""
    return _confined()


@pytest.fixture
def pools(namespace: Namespace) -> Iterator[FakePools]:
    """Fake nodes of the test's own."""
    found = FakePools(namespace)
    yield found
    found.remove()


@pytest.fixture
def presto(cluster: Cluster) -> Iterator[PlayedPresto]:
    """The Presto that every cluster of a test has."""
    with played_presto(cluster) as presto:
        yield presto


@pytest.fixture
def silent_node(namespace: Namespace) -> Iterator[str]:
    """A node that looks well and on which nobody does anything; its name."""
    with added_silent_node(namespace) as name:
        yield name

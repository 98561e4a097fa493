"""The rights that the chart grants: `ground` proves that they suffice for all tests, this that each is used."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from tests.harness.errors import WaitedInVainError
from tests.harness.interface import Cluster
from tests.harness.spec import Taint
from tests.harness.waiting import wait_until
from tests.kit.fake_pools import FakePools
from tests.kit.operator_process import OperatorProcess
from tests.kit.operator_rights import OperatorAccount, requests, unused
from tests.kit.resources import Namespace, Resource, manifest

_GENERATIONS = 8
"""More than there are unused files that the operator keeps."""
_RECLAIMED = Taint("aws-node-termination-handler/spot-itn", "NoSchedule", "event-1")


def test_no_right_is_granted_for_nothing(
    cluster: Cluster,
    namespace: Namespace,
    own_operator: OperatorProcess,
    confined_account: OperatorAccount,
    pools: FakePools,
) -> None:
    log = cluster.audit_log
    if log is None:
        pytest.skip("this provider's API server has no audit log")
    assert own_operator.status_of("/readyz") == 200

    _do_all_there_is_to_do(cluster, namespace, pools)

    with suppress(WaitedInVainError):
        wait_until(lambda: not unused(confined_account, requests(log)), timeout=30, what="all rights", interval=1)
    assert unused(confined_account, requests(log)) == set()


def _do_all_there_is_to_do(cluster: Cluster, namespace: Namespace, pools: FakePools) -> None:
    pools.nodes("spot", 3)
    pool = pools.pool("spot")
    for number in range(_GENERATIONS):
        secret = {"metadata": {"name": f"names-{number}"}, "stringData": {"naming": f"STANDARD{' ' * number}"}}
        namespace.api.create(namespace.api.path("secrets", namespace.name), secret)
    namespace.api.create(namespace.api.path("serviceaccounts", namespace.name), {"metadata": {"name": "other"}})
    namespace.apply(_tour(pool, 0, replicas=3))
    namespace.wait_until_quiet("tour", timeout=90)

    namespace.apply(_tour(pool, 0, replicas=2))
    namespace.wait_until_quiet("tour", timeout=60)
    cluster.taint_node(_node_of_a_worker(namespace), _RECLAIMED)
    namespace.wait_for_event("tour", "NodeReclaimed", timeout=60)
    namespace.wait_until_quiet("tour", timeout=60)
    # Whether a node that is gone is really gone is asked again before its pods are removed.
    lost = _node_of_a_worker(namespace)
    namespace.api.delete(namespace.api.path("nodes", name=lost))
    namespace.wait_for_event("tour", "NodeLost", timeout=60)

    for number in range(1, _GENERATIONS):
        before = set(namespace.children("tour"))
        namespace.apply(_tour(pool, number, replicas=2))
        namespace.wait_until(partial(_has_more, namespace, before), timeout=60, what="another generation")
    namespace.apply(_tour(pool, number, replicas=2, networkPolicy={"enabled": False}, serviceAccount={"name": "other"}))
    namespace.wait_until_settled("tour", timeout=120)


def _node_of_a_worker(namespace: Namespace) -> str:
    """A node that a worker runs on which stays."""
    pods = [pod for pod in namespace.pods("tour", "worker") if "deletionTimestamp" not in pod["metadata"]]
    return next(str(node) for pod in pods if (node := pod["spec"].get("nodeName")))


def _tour(pool: Resource, number: int, *, replicas: int, **spec: Any) -> Resource:
    """A cluster whose files are others for each number, those with secrets among them."""
    naming = {"tpch.column-naming": {"name": f"names-{number}", "key": "naming"}}
    catalog = {"properties": {"connector.name": "tpch", "a": str(number)}, "secretProperties": naming}
    return manifest(
        "tour",
        coordinator={"drainTimeout": "0s"},
        workers={"replicas": replicas, "pools": [pool]},
        catalogs={"tpch": catalog, "jmx": {"properties": {"connector.name": "jmx", "a": str(number)}}},
        **spec,
    )


def _has_more(namespace: Namespace, before: set[str]) -> bool:
    """Whether there is a Deployment that wasn't there before."""
    return any(name.startswith("Deployment/") for name in set(namespace.children("tour")) - before)

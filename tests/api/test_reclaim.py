"""Nodes that go: their workers leave at once, and others come elsewhere."""

from __future__ import annotations

import pytest

from tests.harness.interface import Cluster
from tests.harness.spec import Taint
from tests.kit.fake_pools import FakePools
from tests.kit.operator_process import RunningOperator
from tests.kit.resources import Namespace, Resource, manifest

NODES = 3
WORKERS = 6
RECLAIMED = Taint("aws-node-termination-handler/spot-itn", "NoSchedule", "event-1")


@pytest.fixture
def nodes(pools: FakePools) -> tuple[str, ...]:
    """Fake nodes of the test's own."""
    return pools.nodes("spot", NODES)


@pytest.fixture
def running(namespace: Namespace, pools: FakePools, nodes: tuple[str, ...]) -> Namespace:
    """A namespace with a cluster `adhoc` whose workers are spread over these nodes; its coordinator is elsewhere."""
    namespace.apply(manifest("adhoc", workers={"replicas": WORKERS, "pools": [pools.pool("spot")]}))
    namespace.wait_until_quiet("adhoc", timeout=90)
    assert all(on(namespace, name) for name in nodes), "each node is to have workers"
    return namespace


def on(namespace: Namespace, node: str) -> list[Resource]:
    """The workers on a node."""
    return [pod for pod in namespace.pods("adhoc", "worker") if pod["spec"].get("nodeName") == node]


def at_work(namespace: Namespace) -> list[Resource]:
    """The workers that don't leave."""
    return [pod for pod in namespace.pods("adhoc", "worker") if "deletionTimestamp" not in pod["metadata"]]


def uids(pods: list[Resource]) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods}


def test_workers_of_a_reclaimed_node_leave_at_once_and_others_come_elsewhere(
    running: Namespace, cluster: Cluster, nodes: tuple[str, ...], operator: RunningOperator
) -> None:
    before = uids(running.pods("adhoc", "worker"))
    concerned = uids(on(running, nodes[0]))

    cluster.taint_node(nodes[0], RECLAIMED)
    running.wait_until(lambda: not concerned & uids(at_work(running)), timeout=30, what="the workers there to leave")

    running.wait_until_quiet("adhoc", timeout=60)
    running.wait_until(
        lambda: len(running.pods("adhoc", "worker")) == WORKERS, timeout=60, what="the old workers to be gone"
    )
    assert not on(running, nodes[0])
    assert uids(at_work(running)) >= before - concerned, "the workers elsewhere were to stay"
    running.wait_for_event("adhoc", "NodeReclaimed", timeout=20)
    (told,) = [message for reason, message in running.events("adhoc") if reason == "NodeReclaimed"]
    assert nodes[0] in told
    assert "EC2 is reclaiming the spot instance" in told
    counted = operator.metric(
        "presto_operator_reclaims_total", namespace=running.name, cluster="adhoc", reason="SpotInterruption"
    )
    assert counted == len(concerned)


def test_workers_of_a_node_that_is_gone_are_replaced(
    running: Namespace, cluster: Cluster, nodes: tuple[str, ...]
) -> None:
    concerned = uids(on(running, nodes[0]))
    cluster.kubectl("delete", "node", nodes[0])
    running.wait_until(
        lambda: not concerned & uids(running.pods("adhoc", "worker")), timeout=15, what="its workers to be gone"
    )
    # The ReplicaSet controller may not have noticed yet, so that everything still looks quiet.
    running.wait_until(lambda: len(at_work(running)) == WORKERS, timeout=60, what="others in their place")
    running.wait_until_quiet("adhoc", timeout=60)
    assert len(at_work(running)) == WORKERS
    assert running.wait_until(
        lambda: any("the node no longer exists" in message for _, message in running.events("adhoc")),
        timeout=20,
        what="an Event about it",
    )


def test_an_unknown_taint_moves_nobody(running: Namespace, cluster: Cluster, nodes: tuple[str, ...]) -> None:
    before = uids(running.pods("adhoc", "worker"))
    concerned = uids(on(running, nodes[1]))
    cluster.taint_node(nodes[0], Taint("example.com/unknown", "NoSchedule"))
    cluster.taint_node(nodes[1], RECLAIMED)
    # By the time that the one taint has had its effect, the other would have had it, too.
    running.wait_until(
        lambda: not concerned & uids(at_work(running)), timeout=10, what="the workers of the other to leave"
    )
    running.wait_until_quiet("adhoc", timeout=60)
    assert uids(at_work(running)) >= before - concerned

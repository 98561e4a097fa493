"""Drains that Kubernetes itself has a say in: evictions under a PodDisruptionBudget, and nodes that go meanwhile."""

from __future__ import annotations

from tests.harness.interface import Cluster
from tests.harness.spec import Taint
from tests.harness.waiting import wait_until
from tests.kit.fake_pools import FakePools
from tests.kit.operator_process import RunningOperator
from tests.kit.resources import Namespace, manifest
from tests.kit.silent_node import SILENT

RUNNING = {
    "phase": "Running",
    "containerStatuses": [
        {
            "name": "presto",
            "image": "presto",
            "imageID": "",
            "ready": True,
            "started": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        }
    ],
}

FULL = Taint("example.com/full", "NoSchedule")


def names(namespace: Namespace) -> set[str]:
    """The workers."""
    return {pod["metadata"]["name"] for pod in namespace.pods("adhoc", "worker")}


def counted(operator: RunningOperator, namespace: Namespace, outcome: str) -> float:
    """How many drains the operator has counted."""
    return operator.metric("presto_operator_drains_total", namespace=namespace.name, cluster="adhoc", outcome=outcome)


def drain_events(namespace: Namespace) -> list[tuple[str, str]]:
    """The Events about drains that ended badly."""
    return [(reason, message) for reason, message in namespace.events("adhoc") if reason.startswith("Drain")]


def test_one_worker_at_a_time_can_be_evicted(
    namespace: Namespace, cluster: Cluster, operator: RunningOperator, pools: FakePools
) -> None:
    (room,) = pools.nodes("one", 1)
    namespace.apply(manifest("adhoc", workers={"replicas": 3, "pools": [pools.pool("one")]}))
    namespace.wait_until_quiet("adhoc", timeout=90)
    first, second, third = sorted(names(namespace))

    # No room for replacements, which would be ready so soon that the next eviction need not wait for them.
    cluster.taint_node(room, FULL)
    assert namespace.evict(first) == ""
    assert "disruption budget" in namespace.evict(second)
    cluster.untaint_node(room, FULL)
    # The disruption budget counts who is healthy.
    namespace.wait_until(
        lambda: namespace.objects("poddisruptionbudgets") and namespace.evict(second) == "",
        timeout=60,
        what="the next eviction to be allowed",
    )

    namespace.wait_until_quiet("adhoc", timeout=60)
    namespace.wait_until(lambda: not {first, second} & names(namespace), timeout=30, what="both to be gone")
    assert third in names(namespace)
    assert len(names(namespace)) == 3
    # A pod that kwok plays is gone without having told how its server ended.
    wait_until(lambda: counted(operator, namespace, "Unknown") == 2, timeout=10, what="both to be counted")
    assert drain_events(namespace) == []


def test_the_coordinator_can_not_be_evicted(namespace: Namespace) -> None:
    namespace.apply(manifest("adhoc"))
    namespace.wait_until_quiet("adhoc", timeout=90)
    (coordinator,) = namespace.pods("adhoc", "coordinator")
    assert "disruption budget" in namespace.evict(coordinator["metadata"]["name"])


def test_a_worker_whose_node_goes_in_mid_drain_is_removed_counted_and_told_of(
    namespace: Namespace, cluster: Cluster, operator: RunningOperator, silent_node: str
) -> None:
    tolerations = [{"key": SILENT.key, "operator": "Exists"}]
    pool = {"name": "spot", "nodeSelector": {"silent": silent_node}, "tolerations": tolerations}
    namespace.apply(manifest("adhoc", workers={"replicas": 1, "pools": [pool]}))
    namespace.wait_until(
        lambda: [pod for pod in namespace.pods("adhoc", "worker") if pod["spec"].get("nodeName") == silent_node],
        timeout=60,
        what="a worker on the node",
    )
    (worker,) = names(namespace)
    namespace.patch_status("pod", worker, RUNNING)
    namespace.kubectl("delete", "pod", worker, "--wait=false")
    namespace.wait_for_condition("adhoc", "Draining", "True", timeout=15)
    assert worker in names(namespace), "it was to be in the middle of its drain"

    cluster.kubectl("delete", "node", silent_node)

    namespace.wait_until(lambda: worker not in names(namespace), timeout=15, what="the worker to be removed")
    wait_until(lambda: counted(operator, namespace, "NodeLost") == 1, timeout=10, what="it to be counted")
    namespace.wait_until(lambda: drain_events(namespace), timeout=10, what="an Event")
    ((reason, message),) = drain_events(namespace)
    assert reason == "DrainNodeLost"
    assert message.startswith(f"{worker}: node {silent_node} went away before it had drained")
    namespace.wait_until(
        lambda: namespace.condition("adhoc", "Draining")["status"] == "False", timeout=15, what="Draining to be over"
    )

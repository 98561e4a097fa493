"""Pools without nodes, nodes at risk, and who leaves when there shall be fewer workers."""

from __future__ import annotations

from tests.harness.interface import Cluster
from tests.harness.spec import Taint
from tests.harness.waiting import wait_until
from tests.kit.fake_pools import FakePools
from tests.kit.operator_process import OperatorProcess, RunningOperator
from tests.kit.pod_watch import counted_workers
from tests.kit.resources import Namespace, Resource, manifest

RECLAIMED = Taint("aws-node-termination-handler/spot-itn", "NoSchedule", "event-1")
FULL = Taint("example.com/full", "NoSchedule")
AT_RISK = Taint("aws-node-termination-handler/rebalance-recommendation", "NoSchedule")
PAST = "2026-01-01T00:00:00Z"


def at_work(namespace: Namespace) -> list[Resource]:
    """The workers that don't leave."""
    return [pod for pod in namespace.pods("adhoc", "worker") if "deletionTimestamp" not in pod["metadata"]]


def uids(pods: list[Resource]) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods}


def on(namespace: Namespace, *nodes: str) -> list[Resource]:
    """The workers on some nodes that don't leave."""
    return [pod for pod in at_work(namespace) if pod["spec"].get("nodeName") in nodes]


def by_pool(namespace: Namespace) -> dict[str, int]:
    """Workers that are at work and have a node, by pool."""
    counts: dict[str, int] = {}
    for pod in at_work(namespace):
        pool = pod["metadata"]["labels"]["prestooperator.io/pool"]
        counts[pool] = counts.get(pool, 0) + (1 if pod["spec"].get("nodeName") else 0)
    return counts


def limit(namespace: Namespace, pool: str) -> Resource | None:
    """What status says of a pool that is short of nodes."""
    rows = namespace.presto_cluster("adhoc").get("status", {}).get("workers", {}).get("pools", [])
    found: Resource | None = next((row.get("limit") for row in rows if row["name"] == pool), None)
    return found


def let_time_pass(namespace: Namespace, pool: str) -> None:
    """Let the limit of a pool be over."""
    rows = namespace.presto_cluster("adhoc")["status"]["workers"]["pools"]
    for row in rows:
        if row["name"] == pool:
            row["limit"]["until"] = PAST
    namespace.patch_status("prestocluster", "adhoc", {"workers": {"pools": rows}})


def reasons(namespace: Namespace) -> list[str]:
    return [reason for reason, _ in namespace.events("adhoc")]


def test_workers_that_find_no_node_move_to_the_next_pool_and_back(
    namespace: Namespace, pools: FakePools, own_operator: OperatorProcess
) -> None:
    pools.nodes("r6", 2)
    workers = {
        "replicas": 4,
        "pools": [pools.pool("r5"), pools.pool("r6")],
        "placement": {"unschedulableAfter": "10s", "reclaimPenalty": "1h"},
        "rollout": {"maxSurge": 2},
    }
    namespace.apply(manifest("adhoc", workers=workers))
    namespace.wait_until(
        lambda: by_pool(namespace) == {"r6": 4}, timeout=60, what="all workers in the pool that has nodes"
    )
    namespace.wait_until_quiet("adhoc", timeout=60)
    known = limit(namespace, "r5")
    assert known is not None
    assert (known["reason"], known["most"]) == ("Unschedulable", 0)
    assert namespace.wait_for_event("adhoc", "PoolUnschedulable", timeout=20)
    assert "its workers found no nodes" in namespace.condition("adhoc", "Progressing")["message"]
    labels = {"namespace": namespace.name, "cluster": "adhoc", "pool": "r5", "reason": "Unschedulable"}
    assert own_operator.metric("presto_operator_pool_limited", **labels) == 1

    # It is all in status: another operator goes on with it, and first of all changes nothing.
    before = namespace.resource_versions("adhoc")
    own_operator.stop()
    own_operator.start()
    seen = own_operator.metric("presto_operator_reconcile_duration_seconds_count")
    wait_until(
        lambda: own_operator.metric("presto_operator_reconcile_duration_seconds_count") >= seen + 2,
        timeout=60,
        what="passes",
    )
    assert namespace.resource_versions("adhoc") == before

    pools.nodes("r5", 2)
    let_time_pass(namespace, "r5")
    namespace.wait_until(lambda: by_pool(namespace).get("r5") == 1, timeout=60, what="a try with one worker")
    let_time_pass(namespace, "r5")
    namespace.wait_until(lambda: by_pool(namespace) == {"r5": 2, "r6": 2}, timeout=90, what="the shares as they were")
    namespace.wait_until(lambda: limit(namespace, "r5") is None, timeout=60, what="the limit to be gone")
    assert namespace.wait_for_event("adhoc", "PoolUnlimited", timeout=20)


def test_a_reclaimed_pool_gets_less_for_a_while(namespace: Namespace, pools: FakePools, cluster: Cluster) -> None:
    nodes = pools.nodes("r5", 2)
    pools.nodes("r6", 2)
    workers = {"replicas": 4, "pools": [pools.pool("r5"), pools.pool("r6")], "rollout": {"maxSurge": 1}}
    namespace.apply(manifest("adhoc", workers=workers))
    namespace.wait_until_quiet("adhoc", timeout=60)
    assert by_pool(namespace) == {"r5": 2, "r6": 2}
    stays = uids(on(namespace, nodes[1]))
    # A replacement that finds room in the pool at once may stay there; here, none finds any.
    cluster.taint_node(nodes[1], FULL)

    cluster.taint_node(nodes[0], RECLAIMED)
    namespace.wait_until(
        lambda: by_pool(namespace) == {"r5": 1, "r6": 3}, timeout=30, what="the replacement in the other pool"
    )
    namespace.wait_until_quiet("adhoc", timeout=60)
    assert uids(on(namespace, nodes[1])) == stays
    known = limit(namespace, "r5")
    assert known is not None
    assert (known["reason"], known["most"]) == ("Reclaimed", 1)

    cluster.untaint_node(nodes[1], FULL)
    let_time_pass(namespace, "r5")
    namespace.wait_until(lambda: by_pool(namespace) == {"r5": 2, "r6": 2}, timeout=60, what="the worker to come back")
    assert len(on(namespace, nodes[1])) == 2


def test_workers_at_risk_are_replaced_before_they_go(
    namespace: Namespace, pools: FakePools, cluster: Cluster, operator: RunningOperator
) -> None:
    nodes = pools.nodes("r5", 3)
    workers = {"replicas": 6, "pools": [pools.pool("r5")], "rollout": {"maxSurge": 1}}
    namespace.apply(manifest("adhoc", workers=workers))
    namespace.wait_until_quiet("adhoc", timeout=60)
    concerned = uids(on(namespace, nodes[0]))
    others = uids(at_work(namespace)) - concerned
    assert len(concerned) == 2

    with counted_workers(namespace, "adhoc") as count:
        cluster.taint_node(nodes[0], AT_RISK)
        namespace.wait_until(lambda: len(at_work(namespace)) == 7, timeout=30, what="a replacement")
        assert concerned <= uids(at_work(namespace)), "the replacement was to come first"
        namespace.wait_until(
            lambda: not concerned & uids(at_work(namespace)), timeout=90, what="the workers there to leave"
        )
        namespace.wait_until_quiet("adhoc", timeout=60)

    assert others <= uids(at_work(namespace)), "the workers elsewhere were to stay"
    assert len(at_work(namespace)) == 6
    assert count.most == 7
    assert count.most_leaving <= 1
    namespace.wait_until(lambda: reasons(namespace).count("NodeAtRisk") >= 2, timeout=20, what="Events about both")
    assert reasons(namespace).count("NodeAtRisk") == 2
    assert {"OtherWorkerRemoved", "Corrected"}.isdisjoint(reasons(namespace))
    labels = {"namespace": namespace.name, "cluster": "adhoc", "reason": "RebalanceRecommendation"}
    assert operator.metric("presto_operator_at_risk_replacements_total", **labels) == 2


def test_on_a_scale_down_the_chosen_workers_leave(namespace: Namespace, pools: FakePools, cluster: Cluster) -> None:
    nodes = pools.nodes("r5", 3)
    namespace.apply(manifest("adhoc", workers={"replicas": 6, "pools": [pools.pool("r5")]}))
    namespace.wait_until_quiet("adhoc", timeout=60)
    # Workers of such a node aren't replaced, as it may take the next ones, too. But they are the first to go.
    cluster.taint_node(nodes[1], Taint(AT_RISK.key, "PreferNoSchedule"))
    stay = uids(on(namespace, nodes[0], nodes[2]))

    namespace.kubectl("scale", "prestocluster/adhoc", "--replicas=4")
    namespace.wait_until(lambda: len(at_work(namespace)) == 4, timeout=30, what="two workers to leave")
    namespace.wait_until_quiet("adhoc", timeout=60)

    assert uids(at_work(namespace)) == stay
    assert "OtherWorkerRemoved" not in reasons(namespace)
    annotations = [pod["metadata"].get("annotations", {}) for pod in at_work(namespace)]
    assert not any("controller.kubernetes.io/pod-deletion-cost" in found for found in annotations)

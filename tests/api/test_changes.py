"""What a change of the spec does to the children."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.kit.resources import Namespace, Resource, manifest


def replicas_by_pool(namespace: Namespace) -> dict[str, int]:
    """Workers wanted in each pool, out of the pools' Deployments, of all revisions together."""
    replicas: Counter[str] = Counter()
    for key, child in namespace.children("adhoc").items():
        if key.startswith("Deployment/") and "prestooperator.io/pool" in child["metadata"]["labels"]:
            replicas[child["metadata"]["labels"]["prestooperator.io/pool"]] += child["spec"]["replicas"]
    return dict(replicas)


def generations(namespace: Namespace) -> set[str]:
    """Generations that have a Deployment."""
    return {
        child["metadata"]["labels"]["prestooperator.io/generation"]
        for key, child in namespace.children("adhoc").items()
        if key.startswith("Deployment/")
    }


def pool_uids(namespace: Namespace) -> dict[str, str]:
    """The uid of each Deployment."""
    return {
        key: child["metadata"]["uid"]
        for key, child in namespace.children("adhoc").items()
        if key.startswith("Deployment/")
    }


def test_kubectl_scale_shares_workers_out_over_the_pools(namespace: Namespace) -> None:
    pools: list[dict[str, Any]] = [{"name": "a", "maxReplicas": 2}, {"name": "b"}, {"name": "c", "minReplicas": 1}]
    namespace.apply(manifest("adhoc", workers={"replicas": 2, "pools": pools}))
    namespace.wait_until_settled("adhoc", timeout=60)
    assert replicas_by_pool(namespace) == {"a": 1, "b": 0, "c": 1}

    namespace.kubectl("scale", "prestocluster/adhoc", "--replicas=8")

    namespace.wait_until(
        lambda: replicas_by_pool(namespace) == {"a": 2, "b": 3, "c": 3}, timeout=20, what="eight workers"
    )
    namespace.wait_until_settled("adhoc", timeout=60)
    raw = namespace.kubectl(
        "get", "--raw", f"/apis/prestooperator.io/v1alpha1/namespaces/{namespace.name}/prestoclusters/adhoc/scale"
    )
    scale = json.loads(raw)
    assert (scale["spec"]["replicas"], scale["status"]["replicas"]) == (8, 8)
    assert len(namespace.objects("pods", scale["status"]["selector"])) == 8


def test_a_horizontal_pod_autoscaler_sets_the_workers(namespace: Namespace) -> None:
    """Kubernetes' own controller, and KEDA by way of it. Without a metrics server it still holds its bounds."""
    namespace.apply(manifest("adhoc"))
    namespace.wait_until_settled("adhoc", timeout=60)
    hpa: Resource = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "adhoc"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "prestooperator.io/v1alpha1", "kind": "PrestoCluster", "name": "adhoc"},
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
                }
            ],
            "minReplicas": 3,
            "maxReplicas": 5,
        },
    }
    namespace.apply(hpa)
    namespace.wait_until(
        lambda: len(namespace.pods("adhoc", "worker")) == 3, timeout=60, what="the least workers of the HPA"
    )
    assert namespace.presto_cluster("adhoc")["spec"]["workers"]["replicas"] == 3
    hpa["spec"] |= {"minReplicas": 1, "maxReplicas": 2}
    namespace.apply(hpa)
    namespace.wait_until(
        lambda: len(namespace.pods("adhoc", "worker")) == 2, timeout=60, what="the most workers of the HPA"
    )
    conditions = namespace.get("horizontalpodautoscaler", "adhoc")["status"]["conditions"]
    assert {"AbleToScale": "True"}.items() <= {item["type"]: item["status"] for item in conditions}.items()


def test_more_workers_than_the_pools_may_have_is_a_condition(namespace: Namespace) -> None:
    namespace.apply(manifest("adhoc", workers={"replicas": 5, "pools": [{"name": "a", "maxReplicas": 2}]}))

    condition = namespace.wait_for_condition("adhoc", "Degraded", "True", timeout=30)

    assert condition["reason"] == "PoolsFull"
    assert "3 workers more than the pools' maxReplicas allow" in condition["message"]
    assert replicas_by_pool(namespace) == {"a": 2}


def test_a_change_of_the_workers_leaves_the_coordinator_alone(namespace: Namespace) -> None:
    namespace.apply(manifest("adhoc", workers={"replicas": 2}))
    namespace.wait_until_settled("adhoc", timeout=60)
    (coordinator,) = namespace.pods("adhoc", "coordinator")
    workers = {pod["metadata"]["uid"] for pod in namespace.pods("adhoc", "worker")}

    namespace.apply(manifest("adhoc", workers={"replicas": 2, "config": {"task.concurrency": "4"}}))

    def all_workers_are_new() -> bool:
        now = {pod["metadata"]["uid"] for pod in namespace.pods("adhoc", "worker")}
        return len(now) == 2 and not now & workers

    namespace.wait_until(all_workers_are_new, timeout=60, what="two new workers")
    namespace.wait_until_settled("adhoc", timeout=60)
    assert [pod["metadata"]["uid"] for pod in namespace.pods("adhoc", "coordinator")] == [
        coordinator["metadata"]["uid"]
    ]


def test_a_new_pool_comes_before_a_dropped_one_goes(namespace: Namespace) -> None:
    namespace.apply(manifest("adhoc", workers={"replicas": 2, "pools": [{"name": "old"}]}))
    namespace.wait_until_settled("adhoc", timeout=60)

    # No node carries this label, so the new pool can't come up: the old one has to stay.
    nowhere = {"name": "new", "nodeSelector": {"example.org/there-is": "none"}}
    namespace.apply(manifest("adhoc", workers={"replicas": 2, "pools": [nowhere]}))
    condition = namespace.wait_for_condition("adhoc", "Progressing", "True", timeout=30)
    namespace.wait_until(
        lambda: " no node: " in namespace.condition("adhoc", "Progressing")["message"],
        timeout=30,
        what="the scheduler's reason",
    )
    assert condition["reason"] == "RollingOut"
    # One more than wanted: a tenth of two workers, rounded up.
    assert replicas_by_pool(namespace) == {"old": 2, "new": 1}

    namespace.apply(manifest("adhoc", workers={"replicas": 2, "pools": [{"name": "new"}]}))

    namespace.wait_until(lambda: replicas_by_pool(namespace) == {"new": 2}, timeout=60, what="the old pool to go")
    namespace.wait_until_settled("adhoc", timeout=60)


def test_a_new_generation_takes_over_when_it_is_ready(namespace: Namespace) -> None:
    # Nobody plays the coordinator's HTTP API here: what can't be asked would be waited for.
    at_once = {"drainTimeout": "0s"}
    namespace.apply(manifest("adhoc", workers={"replicas": 2}, coordinator=at_once))
    namespace.wait_until_settled("adhoc", timeout=60)
    (old,) = generations(namespace)

    namespace.apply(manifest("adhoc", workers={"replicas": 2}, coordinator=at_once, version="0.283"))

    namespace.wait_until(lambda: len(generations(namespace)) == 2, timeout=20, what="a second generation")
    namespace.wait_until(lambda: old not in generations(namespace), timeout=90, what="the old generation to go")
    settled = namespace.wait_until_settled("adhoc", timeout=60)
    (new,) = generations(namespace)
    assert settled["status"]["coordinator"]["generation"] == new
    rollout = settled["status"]["rollout"]
    assert (rollout["fromGeneration"], rollout["toGeneration"], rollout["changes"]) == (old, new, ["Generation"])
    assert rollout["switchedAt"] <= rollout["finishedAt"]
    assert "queriesInterrupted" not in rollout
    (message,) = [message for reason, message in namespace.events("adhoc") if reason == "GenerationChanged"]
    assert "number of interrupted queries unknown" in message
    assert namespace.get("service", "adhoc")["spec"]["selector"]["prestooperator.io/generation"] == new


def test_a_coordinator_that_cannot_be_asked_is_left_alone_until_it_is_time(namespace: Namespace) -> None:
    namespace.apply(manifest("adhoc"))
    namespace.wait_until_settled("adhoc", timeout=60)
    (old,) = generations(namespace)

    namespace.apply(manifest("adhoc", version="0.283"))

    namespace.wait_until(
        lambda: namespace.condition("adhoc", "Progressing")["reason"] == "WaitingForQueries",
        timeout=60,
        what="a complete generation that waits",
    )
    assert "its coordinator does not report its queries now" in namespace.condition("adhoc", "Progressing")["message"]
    assert namespace.presto_cluster("adhoc")["status"]["rollout"]["readyAt"]
    assert namespace.get("service", "adhoc")["spec"]["selector"]["prestooperator.io/generation"] == old

    namespace.apply(manifest("adhoc", version="0.283", coordinator={"drainTimeout": "0s"}))

    namespace.wait_until(lambda: old not in generations(namespace), timeout=60, what="the old generation to go")
    namespace.wait_until_settled("adhoc", timeout=60)


def test_a_generation_that_never_gets_ready_is_thrown_away_when_the_change_is_taken_back(namespace: Namespace) -> None:
    good = manifest("adhoc", workers={"replicas": 2})
    namespace.apply(good)
    namespace.wait_until_settled("adhoc", timeout=60)
    before = pool_uids(namespace)
    (old,) = generations(namespace)

    namespace.apply(manifest("adhoc", workers={"replicas": 2}, coordinator={"nodeSelector": {"there-is": "none"}}))
    namespace.wait_until(lambda: len(generations(namespace)) == 2, timeout=20, what="a second generation")
    condition = namespace.wait_for_condition("adhoc", "Progressing", "True", timeout=30)
    assert condition["reason"] == "NewGeneration"
    assert namespace.get("service", "adhoc")["spec"]["selector"]["prestooperator.io/generation"] == old
    assert namespace.condition("adhoc", "Ready")["status"] == "True"

    namespace.apply(good)

    namespace.wait_until(lambda: generations(namespace) == {old}, timeout=30, what="the new generation to go")
    namespace.wait_until_settled("adhoc", timeout=60)
    assert pool_uids(namespace) == before

"""From `kubectl apply` to `kubectl delete`."""

from __future__ import annotations

from tests.harness.waiting import wait_until
from tests.kit.operator_process import RunningOperator
from tests.kit.resources import Namespace, manifest


def test_a_cluster_gets_ready_and_tells_so(namespace: Namespace) -> None:
    namespace.apply(manifest("adhoc", workers={"replicas": 2}))

    resource = namespace.wait_until_settled("adhoc", timeout=60)

    assert resource["status"]["phase"] == "Running"
    assert resource["status"]["observedGeneration"] == resource["metadata"]["generation"]
    assert resource["status"]["workers"]["summary"] == "2/2"
    assert resource["status"]["workers"]["pools"] == [{"name": "workers", "replicas": 2, "readyReplicas": 2}]
    assert resource["status"]["coordinator"]["uri"] == f"http://adhoc.{namespace.name}.svc:8080"
    columns, row = namespace.kubectl("get", "presto", "adhoc").splitlines()
    assert columns.split() == ["NAME", "READY", "PHASE", "VERSION", "WORKERS", "RUNNING", "QUEUED", "AGE"]
    assert row.split()[:5] == ["adhoc", "True", "Running", "0.287", "2/2"]
    assert " of 2 workers are serving, after " in namespace.wait_for_event("adhoc", "Ready", timeout=20)


def test_the_operator_never_writes_spec_and_sets_no_finalizer(namespace: Namespace) -> None:
    namespace.apply(manifest("adhoc"))
    before = namespace.presto_cluster("adhoc")

    after = namespace.wait_until_settled("adhoc", timeout=60)

    assert after["spec"] == before["spec"]
    assert after["metadata"]["generation"] == 1
    assert "finalizers" not in after["metadata"]
    assert after["metadata"].get("annotations", {}) == before["metadata"]["annotations"]


def test_the_labels_of_the_owner_stay_with_the_owner(namespace: Namespace) -> None:
    resource = manifest("adhoc")
    resource["metadata"]["labels"] = {"argocd.argoproj.io/instance": "platform"}
    namespace.apply(resource)
    namespace.wait_until_settled("adhoc", timeout=60)

    labels = [label for child in namespace.children("adhoc").values() for label in child["metadata"]["labels"]]

    assert labels
    assert "argocd.argoproj.io/instance" not in labels


def test_deleting_the_cluster_removes_everything(namespace: Namespace, operator: RunningOperator) -> None:
    namespace.apply(manifest("adhoc"))
    namespace.wait_until_settled("adhoc", timeout=60)
    assert operator.metric("presto_operator_cluster_workers", namespace=namespace.name) > 0

    namespace.kubectl("delete", "prestocluster", "adhoc")

    namespace.wait_until(
        lambda: not namespace.children("adhoc") and not namespace.pods("adhoc"), timeout=60, what="children to go"
    )
    wait_until(
        lambda: operator.metric("presto_operator_cluster_workers", namespace=namespace.name) == 0,
        timeout=30,
        what="its metrics to go",
    )


def test_explain_tells_meaning_bounds_and_default_of_a_field(namespace: Namespace) -> None:
    def explained(field: str) -> str:
        return " ".join(namespace.kubectl("explain", f"prestocluster.spec.{field}").split())

    assert "Maximum heap in percent of the container's memory limit." in explained("workers.jvm.heapPercent")
    assert "From 10 to 95. Default: 75." in explained("workers.jvm.heapPercent")
    assert "From 0s to 24h. Default: 30m." in explained("workers.drain.timeout")
    assert 'Default: {"memory": "4Gi"}.' in explained("coordinator.resources.limits")
    assert "first each pool's minReplicas; then Spot and Any pools" in explained("workers.pools")
    assert "Default: true if any pool has capacityType Spot, else false." in explained("queryRetry.enabled")

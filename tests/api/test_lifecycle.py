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
    assert namespace.wait_for_event("adhoc", "Serving", timeout=20) == "Ready is True"


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


def test_explain_teaches(namespace: Namespace) -> None:
    assert "Largest heap in percent" in namespace.kubectl("explain", "prestocluster.spec.workers.jvm.heapPercent")
    pools = " ".join(namespace.kubectl("explain", "prestocluster.spec.workers.pools").split())
    assert "each pool's minimum first, OnDemand pools last" in pools

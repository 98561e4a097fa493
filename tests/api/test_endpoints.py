"""The operator's own endpoints."""

from __future__ import annotations

from tests.kit.operator_process import RunningOperator
from tests.kit.resources import Namespace, manifest


def test_health_and_metrics(namespace: Namespace, operator: RunningOperator) -> None:
    namespace.apply(manifest("adhoc", workers={"replicas": 3}))
    namespace.wait_until_settled("adhoc", timeout=60)

    assert operator.status_of("/healthz") == 200
    assert operator.status_of("/readyz") == 200
    assert operator.metric("presto_operator_clusters") >= 1
    labels = {"namespace": namespace.name, "cluster": "adhoc", "pool": "workers"}
    assert operator.metric("presto_operator_cluster_workers", state="ready", **labels) == 3

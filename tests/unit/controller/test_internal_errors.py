"""A defect that one cluster brings out is that cluster's condition, Event and metric."""

from __future__ import annotations

import dataclasses

import pytest

from presto_operator.kube import ClusterKey
from presto_operator.objects import KubernetesObject
from presto_operator.planning import Spec
from presto_operator.telemetry import metrics
from tests.unit.controller.world import World
from tests.unit.manifest import manifest


class BrokenSpecs:
    """Reading a spec ends with a defect."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def read(self, key: ClusterKey, body: KubernetesObject) -> Spec:  # noqa: ARG002 - the signature of SpecReader
        """Raises the error."""
        raise self._error

    def forget(self, key: ClusterKey) -> None:
        """Nothing is known."""


def _break(world: World, error: Exception) -> None:
    world.reconciler = dataclasses.replace(world.reconciler, specs=BrokenSpecs(error))  # type: ignore[arg-type]


@pytest.fixture
def settled() -> World:
    """A world in which a cluster has come up."""
    world = World(manifest(workers={"replicas": 2}))
    world.settle()
    return world


def _counted() -> float:
    labels = {"namespace": "analytics", "cluster": "adhoc"}
    return metrics.registry.get_sample_value("presto_operator_internal_errors_total", labels) or 0.0


def test_a_defect_is_a_condition_an_event_and_a_metric_and_touches_nothing(settled: World) -> None:
    before, counted, conditions = settled.children(), _counted(), settled.status["conditions"]
    _break(settled, OverflowError("cannot convert float infinity to integer, password=hunter2"))
    for _ in range(3):
        with pytest.raises(OverflowError):
            settled.reconcile()
    degraded = settled.condition("Degraded")
    assert (degraded["status"], degraded["reason"]) == ("True", "InternalError")
    assert "OverflowError: cannot convert float infinity" in degraded["message"]
    assert "hunter2" not in degraded["message"]
    assert settled.status["phase"] == "Degraded"
    assert len(settled.news("InternalError")) == 1
    assert _counted() == counted + 3
    assert settled.children() == before
    others = [item for item in settled.status["conditions"] if item["type"] != "Degraded"]
    assert others == [item for item in conditions if item["type"] != "Degraded"]


def test_it_is_over_with_the_first_pass_that_succeeds(settled: World) -> None:
    healthy = settled.reconciler
    _break(settled, RecursionError("maximum recursion depth exceeded" + "x" * 100_000))
    with pytest.raises(RecursionError):
        settled.reconcile()
    assert len(settled.condition("Degraded")["message"]) < 1000
    settled.reconciler = healthy
    settled.reconcile()
    assert settled.condition("Degraded")["status"] == "False"
    assert settled.status["phase"] == "Running"
    assert settled.news("Recovered")


def test_pods_that_kubernetes_refuses_are_reported_in_its_own_words(settled: World) -> None:
    words = 'pods "adhoc-workers-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation'

    def refuse(deployment: KubernetesObject) -> None:
        deployment["status"]["conditions"] = [
            {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": words}
        ]

    (name,) = [name for name in settled.api.names("Deployment") if "coordinator" not in name]
    settled.edit("Deployment", name, refuse)
    settled.reconcile()
    degraded = settled.condition("Degraded")
    assert (degraded["status"], degraded["reason"]) == ("True", "PodsRefused")
    assert f'Deployment "{name}": {words}' in degraded["message"]
    assert len(settled.news("PodsRefused")) == 1
    settled.edit("Deployment", name, lambda obj: obj["status"].pop("conditions"))
    settled.reconcile()
    assert settled.condition("Degraded")["status"] == "False"

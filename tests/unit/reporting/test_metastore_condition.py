"""What the reconcile loop makes of a metastore that comes and goes: words, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from presto_operator.kube import ClusterKey
from presto_operator.metastore import Finding, MetastoreAddress, Outcome, Probe
from presto_operator.telemetry import metrics
from tests.unit.controller.world import KEY, World
from tests.unit.manifest import manifest

_HIVE = "hive.data:9083"
_METASTORE = {"uris": [f"thrift://{_HIVE}"]}
_ANSWERING = Finding(Outcome.ANSWERING)
_REFUSED = Finding(Outcome.UNREACHABLE, "can't be reached: Connection refused")


@pytest.fixture
def settled() -> Iterator[World]:
    """A world in which a cluster with a metastore has come up."""
    world = World(manifest(workers={"replicas": 2}, metastore=_METASTORE))
    world.metastores.answers[_HIVE] = _ANSWERING
    world.settle()
    assert world.status["phase"] == "Running"
    yield world
    metrics.forget_cluster(KEY.namespace, KEY.name)


def _metric() -> float | None:
    labels = {"namespace": KEY.namespace, "cluster": KEY.name}
    return metrics.registry.get_sample_value("presto_operator_metastore_available", labels)


def _conditions(world: World) -> set[str]:
    return {item["type"] for item in world.status["conditions"]}


def test_a_metastore_that_answers_is_told_of_without_news(settled: World) -> None:
    condition = settled.condition("MetastoreAvailable")
    assert (condition["status"], condition["reason"]) == ("True", "Answering")
    assert condition["message"] == "metastore hive.data:9083 answers"
    assert [event["reason"] for event in settled.api.events] == ["Ready"]
    assert _metric() == 1


def test_a_metastore_that_goes_changes_no_object_but_the_status(settled: World) -> None:
    before = settled.children()
    settled.metastores.answers[_HIVE] = _REFUSED
    settled.reconcile()
    assert {(verb, kind) for verb, kind, _ in settled.api.requests} == {
        ("status", "PrestoCluster"),
        ("create", "Event"),
    }
    assert settled.children() == before
    condition = settled.condition("MetastoreAvailable")
    assert (condition["status"], condition["reason"]) == ("False", "Unreachable")
    assert settled.status["phase"] == "Running"
    assert settled.condition("Ready")["status"] == "True"
    assert settled.condition("Degraded")["status"] == "False"
    (message,) = settled.news("MetastoreUnavailable")
    assert message.startswith("metastore hive.data:9083 can't be reached: Connection refused")
    assert settled.api.events[-1]["type"] == "Warning"
    assert _metric() == 0


def test_a_metastore_that_stays_away_costs_no_write(settled: World) -> None:
    settled.metastores.answers[_HIVE] = _REFUSED
    settled.reconcile()
    for _ in range(6):
        settled.reconcile()
        assert settled.api.requests == []


def test_a_metastore_that_comes_back_is_told_of(settled: World) -> None:
    settled.metastores.answers[_HIVE] = _REFUSED
    settled.reconcile()
    settled.metastores.answers[_HIVE] = _ANSWERING
    settled.reconcile()
    assert settled.condition("MetastoreAvailable")["status"] == "True"
    assert settled.news("MetastoreAvailable") == ["back after 10 s: metastore hive.data:9083 answers"]
    assert settled.api.events[-1]["type"] == "Normal"
    assert _metric() == 1


def test_a_restarted_operator_goes_on_with_what_it_said(settled: World) -> None:
    settled.metastores.answers[_HIVE] = _REFUSED
    settled.reconcile()
    before = settled.status
    settled.restart()
    settled.reconcile()
    assert settled.status == before
    assert {verb for verb, _, _ in settled.api.requests} == {"apply"}


def test_of_another_metastore_nothing_is_known_at_first(settled: World) -> None:
    settled.set_spec(metastore={"uris": ["thrift://another.data"]})
    settled.reconcile()
    condition = settled.condition("MetastoreAvailable")
    assert (condition["status"], condition["reason"]) == ("Unknown", "NotChecked")
    assert _metric() is None


@pytest.mark.parametrize("metastore", [None, {**_METASTORE, "healthCheck": "Disabled"}])
def test_without_a_check_there_is_no_condition(settled: World, metastore: dict[str, Any] | None) -> None:
    settled.metastores.answers[_HIVE] = _REFUSED
    settled.reconcile()
    settled.set_spec(metastore=metastore)
    settled.reconcile()
    assert _conditions(settled) == {"Valid", "Ready", "Progressing", "Degraded", "Draining"}
    assert settled.metastores.watched[KEY] == ()
    assert _metric() is None


def test_an_invalid_spec_leaves_the_check_as_it_was(settled: World) -> None:
    settled.set_spec(workers={"replicas": -1}, metastore={"uris": ["thrift://another.data"]})
    settled.metastores.answers[_HIVE] = _REFUSED
    settled.reconcile()
    assert settled.condition("Valid")["status"] == "False"
    assert "hive.data:9083 can't be reached" in settled.condition("MetastoreAvailable")["message"]


def test_a_restarted_operator_knows_nothing_of_the_metastore_of_an_invalid_spec(settled: World) -> None:
    settled.set_spec(workers={"replicas": -1})
    settled.reconcile()
    settled.restart()
    settled.reconcile()
    condition = settled.condition("MetastoreAvailable")
    assert (condition["status"], condition["reason"]) == ("Unknown", "NotChecked")


def test_an_invalid_new_cluster_has_no_such_condition() -> None:
    world = World(manifest(version="latest", metastore=_METASTORE))
    world.reconcile()
    assert "MetastoreAvailable" not in _conditions(world)


def test_a_cluster_that_is_gone_is_asked_for_no_more(settled: World) -> None:
    settled.delete("PrestoCluster", "adhoc")
    settled.reconcile()
    assert settled.metastores.watched[KEY] == ()
    assert _metric() is None


def test_what_is_asked_is_what_the_spec_says() -> None:
    metastore = {"uris": ["thrift://hive:9084", "thrift://10.0.0.7"], "healthCheck": "Connect"}
    world = World(manifest(metastore=metastore))
    world.reconcile()
    assert world.metastores.watched == {
        ClusterKey("analytics", "adhoc"): (
            Probe(MetastoreAddress("hive.analytics.svc", 9084), "Connect"),
            Probe(MetastoreAddress("10.0.0.7", 9083), "Connect"),
        )
    }

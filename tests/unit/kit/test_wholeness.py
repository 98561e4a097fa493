from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.kit.resources import Resource, manifest
from tests.kit.wholeness import Expected, flaws

NAME = "adhoc"
EXPECTED = Expected(NAME, manifest(NAME, workers={"replicas": 2})["spec"])


def presto_cluster(**conditions: str) -> Resource:
    statuses = {"Progressing": "False", "Ready": "True", "Draining": "False", "Degraded": "False", **conditions}
    return {
        "kind": "PrestoCluster",
        "metadata": {"name": NAME, "generation": 3},
        "spec": deepcopy(EXPECTED.spec),
        "status": {
            "conditions": [
                {"type": type_, "status": status, "message": "so it is", "observedGeneration": 3}
                for type_, status in statuses.items()
            ]
        },
    }


def child(kind: str, name: str, role: str, **fields: Any) -> Resource:
    labels = {"prestooperator.io/cluster": NAME, "prestooperator.io/role": role}
    return {"kind": kind, "metadata": {"name": name, "labels": labels}, **fields}


def whole() -> list[Resource]:
    """A cluster of a coordinator and two workers that lacks nothing, and what is not its own."""
    deployments = [
        child("Deployment", f"{role}s", role, spec={"replicas": count}, status={"availableReplicas": count})
        for role, count in (("coordinator", 1), ("worker", 2))
    ]
    pods = [
        child("Pod", "c", "coordinator"),
        child("Pod", "w1", "worker"),
        child("Pod", "w2", "worker"),
    ]
    stranger: Resource = {"kind": "Pod", "metadata": {"name": "s3", "deletionTimestamp": "now"}}
    return [presto_cluster(), *deployments, *pods, stranger]


def found(objects: list[Resource]) -> list[str]:
    return list(flaws(EXPECTED, objects))


def test_a_whole_cluster_lacks_nothing() -> None:
    assert found(whole()) == []


def test_a_cluster_that_is_not_there_is_told_of_once() -> None:
    assert found(whole()[1:]) == ["there is no PrestoCluster adhoc"]


def test_a_changed_spec_is_a_flaw() -> None:
    objects = whole()
    objects[0]["spec"]["workers"]["replicas"] = 3

    assert found(objects) == ["the spec of adhoc has been changed"]


@pytest.mark.parametrize(
    ("type_", "status"), [("Progressing", "True"), ("Ready", "False"), ("Draining", "True"), ("Degraded", "Unknown")]
)
def test_an_unsettled_condition_is_a_flaw(type_: str, status: str) -> None:
    assert found([presto_cluster(**{type_: status}), *whole()[1:]]) == [f"{type_} is {status}: so it is"]


def test_a_condition_of_an_older_spec_is_a_flaw() -> None:
    objects = whole()
    objects[0]["metadata"]["generation"] = 4

    assert len(found(objects)) == 4
    assert "Ready is of an older spec" in found(objects)


def test_a_cluster_without_status_is_not_whole() -> None:
    objects = whole()
    del objects[0]["status"]

    assert "Ready is not there: " in found(objects)


def test_missing_and_leaving_pods_are_flaws() -> None:
    objects = whole()
    (worker,) = [each for each in objects if each["metadata"]["name"] == "w2"]

    worker["metadata"]["deletionTimestamp"] = "now"
    assert found(objects) == ["w2 is on its way out"]
    objects.remove(worker)
    assert found(objects) == ["adhoc has 1 workers, and is to have 2"]


def test_a_replica_that_is_not_available_is_a_flaw() -> None:
    objects = whole()
    objects[2]["status"] = {"availableReplicas": 1}

    assert found(objects) == ["workers has 1 of 2 replicas available"]


@pytest.mark.parametrize(
    ("autoscaling", "workers"),
    [
        ({"mode": "Active", "minReplicas": 1, "maxReplicas": 5}, 1),
        ({"mode": "Advisory", "minReplicas": 1, "maxReplicas": 5}, 2),
        ({"mode": "Off", "minReplicas": 1, "maxReplicas": 5}, 2),
    ],
)
def test_a_cluster_that_follows_its_load_has_the_fewest_workers_at_rest(
    autoscaling: dict[str, Any], workers: int
) -> None:
    assert Expected(NAME, {**EXPECTED.spec, "autoscaling": autoscaling}).workers == workers

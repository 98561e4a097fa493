from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from presto_operator.desired import newest_record, recorded_generation, recorded_objects, render_generation
from presto_operator.desired.record import record_objects
from presto_operator.objects import KubernetesObject
from tests.unit.manifest import cluster

CLUSTER = cluster(workers={"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}]})
GENERATION = render_generation(CLUSTER)
UID = CLUSTER.uid


def _stored(parts: tuple[KubernetesObject, ...], *, at: str = "2026-01-01T00:00:00Z") -> list[KubernetesObject]:
    """The parts as the API server has them."""
    return [
        json.loads(json.dumps({**part, "metadata": {**part["metadata"], "creationTimestamp": at}})) for part in parts
    ]


def test_a_generation_is_read_from_its_record_as_it_was_rendered() -> None:
    parts = newest_record(_stored(GENERATION.record), GENERATION.name)
    recorded = recorded_generation(GENERATION.name, recorded_objects(parts, uid=UID))
    assert recorded is not None
    replicas = {"r5": 3, "r6": 1}
    by_name = {obj["metadata"]["name"]: obj for obj in recorded.generation.objects(replicas)}
    assert by_name == {obj["metadata"]["name"]: obj for obj in GENERATION.objects(replicas)}
    assert recorded.generation.parts == GENERATION.parts
    kinds = {"NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"}
    assert {obj["kind"] for obj in recorded.shared} == kinds


def test_the_same_is_recorded_under_the_same_name_and_something_else_under_another() -> None:
    assert render_generation(CLUSTER).record == GENERATION.record
    changed = cluster(workers={"pools": [{"name": "r5"}, {"name": "r6"}], "jvm": {"extraArgs": ["-Da=b"]}})
    other = render_generation(changed)
    assert other.name == GENERATION.name
    assert {part["metadata"]["name"] for part in other.record}.isdisjoint(
        part["metadata"]["name"] for part in GENERATION.record
    )


def test_large_objects_are_divided_over_several_parts() -> None:
    files = {"configFiles": {f"notes-{number}.txt": "x" * 30_000 for number in range(8)}}
    large = render_generation(cluster(coordinator=files, workers=files))
    (whole,) = large.record
    assert len(json.dumps(whole)) < 1_400_000
    record = record_objects(CLUSTER, large.name, recorded_objects(_stored(large.record), uid=UID), most_bytes=200_000)
    # The files of each role stand alone.
    assert len(record) > 2
    stored = _stored(record)
    recorded = recorded_generation(large.name, recorded_objects(newest_record(stored, large.name), uid=cluster().uid))
    assert recorded is not None
    assert {obj["metadata"]["name"] for obj in recorded.generation.files} == {
        obj["metadata"]["name"] for obj in large.files
    }
    # One that isn't whole is none.
    assert newest_record(stored[1:], large.name) == ()


def test_secrets_stand_in_a_secret() -> None:
    secret: KubernetesObject = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {**GENERATION.files[0]["metadata"], "name": "adhoc-catalogs-cafe"},
        "data": {"db.properties": base64.b64encode(b"password=hunter2").decode()},
    }
    kept, revision = record_objects(CLUSTER, GENERATION.name, [GENERATION.coordinator, secret])
    assert (kept["kind"], revision["kind"]) == ("Secret", "ControllerRevision")
    text = json.dumps(revision)
    assert "hunter2" not in text
    assert secret["data"]["db.properties"] not in text
    assert secret in recorded_objects(_stored((kept, revision)), uid=UID)


def test_of_two_records_the_newer_one_counts() -> None:
    older = _stored(record_objects(CLUSTER, "cafe", [GENERATION.coordinator]), at="2026-01-01T00:00:00Z")
    newer = _stored(record_objects(CLUSTER, "cafe", [GENERATION.discovery]), at="2026-01-01T00:00:05Z")
    assert newest_record([*newer, *older], "cafe") == tuple(newer)
    assert newest_record([*newer, *older], "beef") == ()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "ClusterRoleBinding"},
        {"metadata": {**GENERATION.coordinator["metadata"], "namespace": "kube-system"}},
        {"metadata": {**GENERATION.coordinator["metadata"], "ownerReferences": []}},
        {"metadata": {**GENERATION.coordinator["metadata"], "labels": {}}},
        {"metadata": None},
    ],
    ids=["kind", "namespace", "owner", "cluster", "nonsense"],
)
def test_what_is_no_object_of_the_cluster_is_ignored(change: dict[str, Any]) -> None:
    (part,) = record_objects(CLUSTER, "cafe", [{**GENERATION.coordinator, **change}])
    assert recorded_objects(_stored((part,)), uid=UID) == ()


@pytest.mark.parametrize("data", [None, {}, {"objects": 3}, {"objects": [None, "x", {}]}])
def test_a_record_that_makes_no_sense_is_empty(data: object) -> None:
    (part,) = _stored(record_objects(CLUSTER, "cafe", [GENERATION.coordinator]))
    assert recorded_objects([{**part, "data": data}], uid=UID) == ()

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from presto_operator.objects import (
    annotation_of,
    by_age,
    condition_of,
    created_at,
    described,
    generation_of,
    is_owned_by,
    is_terminating,
    kind_and_name,
    label_of,
    metadata_generation,
    name_of,
    namespace_of,
    pool_of,
    resource_version_of,
    role_of,
    uid_of,
)
from presto_operator.objects.object import has_condition

UID = "5b0f3c0e-0000-4000-8000-000000000001"

_POD: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {
        "name": "adhoc-r5-1",
        "namespace": "analytics",
        "uid": UID,
        "resourceVersion": "17",
        "creationTimestamp": "2026-01-01T08:30:00Z",
        "labels": {
            "prestooperator.io/role": "worker",
            "prestooperator.io/pool": "r5",
            "prestooperator.io/generation": "269a086b",
        },
        "annotations": {"note": "kept"},
    },
    "status": {"conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}]},
}
_BARE: dict[str, Any] = {"kind": "Node", "metadata": {"name": "one"}}


def test_an_object_says_what_it_is() -> None:
    assert kind_and_name(_POD) == ("Pod", "adhoc-r5-1")
    assert described(_POD) == 'Pod "adhoc-r5-1"'
    assert (name_of(_POD), namespace_of(_POD), uid_of(_POD)) == ("adhoc-r5-1", "analytics", UID)


def test_an_object_says_when_it_was_created_and_which_version_it_is() -> None:
    assert created_at(_POD) == datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
    assert resource_version_of(_POD) == 17
    assert created_at(_BARE) is None
    assert resource_version_of(_BARE) == 0


def test_objects_are_sorted_by_age_and_then_by_name() -> None:
    def created(name: str, second: int) -> dict[str, Any]:
        return {"metadata": {"name": name, "creationTimestamp": f"2026-01-01T08:30:{second:02}Z"}}

    objects = [created("c", 2), created("b", 10), created("a", 10)]
    assert [name_of(obj) for obj in sorted(objects, key=by_age)] == ["c", "a", "b"]


def test_the_generation_of_metadata_counts_specs() -> None:
    assert metadata_generation({"metadata": {"name": "adhoc", "generation": 3}}) == 3
    assert metadata_generation(_BARE) == 0


def test_labels_and_annotations_that_are_not_there_are_empty() -> None:
    assert (role_of(_POD), pool_of(_POD), generation_of(_POD)) == ("worker", "r5", "269a086b")
    assert annotation_of(_POD, "note") == "kept"
    assert label_of(_POD, "other") == annotation_of(_POD, "other") == ""
    assert namespace_of(_BARE) == label_of(_BARE, "other") == annotation_of(_BARE, "other") == ""
    cleared = {"kind": "Pod", "metadata": {"name": "p", "labels": None, "annotations": None}}
    assert label_of(cleared, "other") == annotation_of(cleared, "other") == ""


def test_a_condition_is_found_by_its_type() -> None:
    assert condition_of(_POD, "Ready") == {"type": "Ready", "status": "False"}
    assert condition_of(_POD, "Other") is None
    assert condition_of(_BARE, "Ready") is None
    assert condition_of({**_POD, "status": {"conditions": None}}, "Ready") is None


def test_a_condition_has_one_status_at_a_time() -> None:
    assert has_condition(_POD, "PodScheduled")
    assert not has_condition(_POD, "Ready")
    assert has_condition(_POD, "Ready", "False")
    assert not has_condition(_BARE, "Ready", "False")


def test_an_object_terminates_from_its_deletion_on() -> None:
    assert not is_terminating(_POD)
    assert is_terminating({**_POD, "metadata": {**_POD["metadata"], "deletionTimestamp": "2026-01-01T09:00:00Z"}})


@pytest.mark.parametrize(
    ("owners", "is_owned"),
    [
        ([{"uid": UID, "controller": True}], True),
        ([{"uid": "other", "controller": True}], False),
        ([{"uid": UID, "controller": False}], False),
        ([{"uid": UID}], False),
        ([{"uid": "other"}, {"uid": UID, "controller": True}], True),
        ([], False),
    ],
)
def test_the_owner_is_the_one_that_controls(owners: list[dict[str, object]], *, is_owned: bool) -> None:
    assert is_owned_by({"metadata": {"ownerReferences": owners}}, UID) is is_owned
    assert not is_owned_by({"metadata": {}}, UID)

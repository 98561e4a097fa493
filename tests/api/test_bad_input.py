"""A bad manifest is refused with a sentence that helps, and what runs is not touched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kit.resources import Namespace, Resource, manifest

GOOD: dict[str, Any] = {"version": "0.287", "workers": {"replicas": 1}}


def spec(**fields: Any) -> dict[str, Any]:
    """A good spec with these fields changed."""
    return {**GOOD, **fields}


REFUSED_AT_APPLY: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown field": (spec(worker={"replicas": 1}), ['unknown field "spec.worker"']),
    "unknown nested field": (
        spec(workers={"replicas": 1, "jvm": {"heapsize": "1Gi"}}),
        ['unknown field "spec.workers.jvm.heapsize"'],
    ),
    "wrong type": (spec(workers={"replicas": "many"}), ["spec.workers.replicas", "integer"]),
    "number as property": (
        spec(workers={"config": {"task.concurrency": 16}}),
        ["spec.workers.config.task.concurrency", "string"],
    ),
    "no version": ({"workers": {"replicas": 1}}, ["spec.version", "Required"]),
    "bad version": (spec(version="latest"), ["spec.version", "latest"]),
    "bad quantity": (
        spec(workers={"resources": {"requests": {"memory": "lots"}, "limits": {"memory": "4Gi"}}}),
        ["spec.workers.resources.requests.memory", "lots"],
    ),
    "negative replicas": (spec(workers={"replicas": -1}), ["spec.workers.replicas", "greater than or equal to 0"]),
    "minimum over maximum": (
        spec(workers={"pools": [{"name": "a", "minReplicas": 3, "maxReplicas": 2}]}),
        ["spec.workers.pools[0]", "minReplicas must not be greater than maxReplicas"],
    ),
    "two pools of one name": (
        spec(workers={"pools": [{"name": "a"}, {"name": "a"}]}),
        ["spec.workers.pools[1]", "Duplicate value"],
    ),
    "no pool at all": (spec(workers={"pools": []}), ["spec.workers.pools", "at least 1"]),
    "pool with the coordinator's name": (
        spec(workers={"pools": [{"name": "coordinator"}]}),
        ["spec.workers.pools[0]", 'must not be named "coordinator"'],
    ),
    "heap larger than its memory limit": (
        spec(workers={"jvm": {"heapSize": "5Gi"}, "resources": {"limits": {"memory": "4Gi"}}}),
        ["spec.workers", "jvm.heapSize must be less than resources.limits.memory"],
    ),
    "heap larger than the default memory limit": (
        spec(coordinator={"jvm": {"heapSize": "5Gi"}}),
        ["spec.coordinator", "jvm.heapSize must be less than resources.limits.memory"],
    ),
    "no memory limit": (
        spec(workers={"resources": {"limits": {"cpu": "2", "memory": None}}}),
        ["spec.workers.resources", "limits.memory is required"],
    ),
    "memory limit under the request": (
        spec(workers={"resources": {"requests": {"memory": "8Gi"}, "limits": {"memory": "4Gi"}}}),
        ["spec.workers.resources", "requests must not be greater than limits"],
    ),
    "heap set twice": (
        spec(workers={"jvm": {"heapSize": "1Gi", "heapPercent": 50}}),
        ["spec.workers.jvm", "set heapPercent or heapSize, not both"],
    ),
    "heap as an extra argument": (
        spec(workers={"jvm": {"extraArgs": ["-Xmx8G"]}}),
        ["spec.workers.jvm", "extraArgs must not carry -Xmx"],
    ),
    "a property that the operator owns": (
        spec(coordinator={"config": {"discovery.uri": "http://elsewhere:8080"}}),
        ["spec.coordinator.config", "discovery.uri is set by the operator: remove it"],
    ),
    "catalog without a connector": (
        spec(catalogs={"hive": {"properties": {"hive.metastore.uri": "thrift://x:9083"}}}),
        ["spec.catalogs[hive].properties", "connector.name is required"],
    ),
    "bad catalog name": (
        spec(catalogs={"My-Hive": {"properties": {"connector.name": "tpch"}}}),
        ["spec", "catalogs: a name must start with a letter"],
    ),
}


@pytest.fixture
def running(namespace: Namespace) -> Namespace:
    """A namespace with a cluster `adhoc` that runs."""
    namespace.apply({**manifest("adhoc"), "spec": GOOD})
    namespace.wait_until_settled("adhoc", timeout=60)
    return namespace


def test_bad_manifests_are_refused_at_apply_and_the_cluster_is_untouched(running: Namespace) -> None:
    before = running.resource_versions("adhoc")

    for case, (bad, wanted) in REFUSED_AT_APPLY.items():
        message = running.refusal_of({**manifest("adhoc"), "spec": bad})
        for part in wanted:
            assert part in message, f"{case}: {part!r} is not in {message!r}"

    assert running.resource_versions("adhoc") == before


@pytest.mark.parametrize("name", ["a" * 39, "1adhoc", "ad.hoc"])
def test_names_that_can_name_no_service_are_refused(namespace: Namespace, name: str) -> None:
    message = namespace.refusal_of({**manifest(name), "spec": GOOD})

    assert "metadata.name must start with a letter" in message


def test_what_only_the_operator_can_see_is_a_condition_and_the_cluster_is_untouched(running: Namespace) -> None:
    before = running.children("adhoc")
    pods = {pod["metadata"]["uid"] for pod in running.pods("adhoc")}
    bad: Resource = {
        **manifest("adhoc"),
        "spec": spec(workers={"replicas": 4, "config": {"query.max-memory-per-node": "3GB"}}),
    }

    running.apply(bad)

    condition = running.wait_for_condition("adhoc", "Valid", "False", timeout=20)
    assert condition["reason"] == "InvalidSpec"
    assert "spec.workers: config.query.max-memory-per-node: 3GB" in condition["message"]
    assert running.presto_cluster("adhoc")["status"]["phase"] == "Invalid"
    assert running.condition("adhoc", "Ready")["status"] == "True"
    after = running.children("adhoc")
    assert {key: without_status(child) for key, child in after.items()} == {
        key: without_status(child) for key, child in before.items()
    }
    assert {pod["metadata"]["uid"] for pod in running.pods("adhoc")} == pods
    assert "InvalidSpec" in json.dumps(running.events("adhoc"))

    running.apply({**manifest("adhoc"), "spec": spec(workers={"replicas": 2})})
    running.wait_for_condition("adhoc", "Valid", "True", timeout=20)
    running.wait_until_settled("adhoc", timeout=60)


def without_status(child: Resource) -> Resource:
    """What of an object its controllers don't write by themselves."""
    metadata = {
        name: value for name, value in child["metadata"].items() if name not in ("resourceVersion", "managedFields")
    }
    return {**child, "metadata": metadata, "status": None}

from __future__ import annotations

from typing import Any

import pytest

from presto_operator.api import InvalidClusterError, parse_cluster
from presto_operator.presto import OWNED_NODE_PROPERTIES, OWNED_PROPERTIES
from tests.unit.manifest import UID, manifest

_KEY = {"name": "keys", "key": "password"}
_TPCH = {"properties": {"connector.name": "tpch"}}


def test_the_smallest_manifest_gets_defaults() -> None:
    cluster = parse_cluster({"metadata": {"name": "adhoc"}, "spec": {"version": "0.287"}})
    spec = cluster.spec
    assert (cluster.namespace, cluster.name, cluster.uid) == ("default", "adhoc", "")
    assert spec.image_reference == "prestodb/presto:0.287"
    assert spec.image.pull_policy == "IfNotPresent"
    assert spec.workers.replicas == 1
    assert [(pool.name, pool.min_replicas, pool.max_replicas) for pool in spec.workers.pools] == [("workers", 0, None)]
    assert spec.catalogs == {}
    for role in (spec.coordinator, spec.workers):
        assert role.resources.limits == {"memory": "4Gi"}
        assert role.resources.requests == {"cpu": "1"}
        assert role.heap_bytes == 3 * 1024**3
        assert role.config == {}


def test_reads_whose_it_is() -> None:
    cluster = parse_cluster(manifest(name="ml", namespace="science"))
    assert (cluster.namespace, cluster.name, cluster.uid) == ("science", "ml", UID)


def test_the_tag_of_the_image_overrides_the_version() -> None:
    cluster = parse_cluster(manifest(image={"repository": "registry/presto", "tag": "our-3"}))
    assert cluster.spec.image_reference == "registry/presto:our-3"


@pytest.mark.parametrize(
    ("jvm", "heap_bytes"),
    [({"heapPercent": 50}, 4 * 1024**3), ({"heapSize": "900Mi"}, 900 * 1024**2), ({}, 6 * 1024**3)],
)
def test_the_heap_is_a_percentage_of_the_limit_or_a_fixed_size(jvm: dict[str, Any], heap_bytes: int) -> None:
    workers = {"resources": {"limits": {"memory": "8Gi"}}, "jvm": jvm}
    assert parse_cluster(manifest(workers=workers)).spec.workers.heap_bytes == heap_bytes


def test_an_integer_is_a_quantity_as_in_the_core_api() -> None:
    workers = {"resources": {"requests": {"cpu": 4}, "limits": {"memory": 8589934592}}}
    resources = parse_cluster(manifest(workers=workers)).spec.workers.resources
    assert resources.requests == {"cpu": "4"}
    assert resources.memory_limit_bytes == 8 * 1024**3


@pytest.mark.parametrize("quantity", ["4Gi", "4096Mi", "4294967296", "4.294967296e9", "4294967296000m"])
def test_every_way_to_write_a_quantity_is_the_same_memory(quantity: str) -> None:
    workers = {"resources": {"limits": {"memory": quantity}, "requests": {}}}
    assert parse_cluster(manifest(workers=workers)).spec.workers.resources.memory_limit_bytes == 4 * 1024**3


_BAD_SPECS: dict[str, tuple[dict[str, Any], str, str]] = {
    "version is missing": ({"version": None}, "spec.version", "string"),
    "version is a number": ({"version": 0.287}, "spec.version", "string"),
    "version is no release": ({"version": "287"}, "spec.version", "0.287"),
    "version is no label": ({"version": "0.287-our."}, "spec.version", "0.287"),
    "version has a line feed": ({"version": "0.287\n"}, "spec.version", "0.287"),
    "unknown field": ({"worker": {"replicas": 3}}, "spec.worker", "unknown field"),
    "unknown nested field": ({"workers": {"replica": 3}}, "spec.workers.replica", "unknown field"),
    "unknown field of a pool": (
        {"workers": {"pools": [{"name": "a"}, {"name": "b", "min": 1}]}},
        "spec.workers.pools[1].min",
        "unknown field",
    ),
    "snake case": ({"workers": {"pools": [{"name": "a", "min_replicas": 1}]}}, "min_replicas", "unknown field"),
    "wrong type": ({"workers": {"replicas": "three"}}, "spec.workers.replicas", "whole number"),
    "number as text": ({"workers": {"replicas": "3"}}, "spec.workers.replicas", "whole number"),
    "boolean as number": ({"workers": {"replicas": True}}, "spec.workers.replicas", "whole number"),
    "number as property": (
        {"workers": {"config": {"a": 16}}},
        "spec.workers.config.a",
        "must be a string: put it in quotes (got 16)",
    ),
    "list for a map": ({"catalogs": [_TPCH]}, "spec.catalogs", "must be an object"),
    "text for an object": ({"workers": "3"}, "spec.workers", "must be an object"),
    "negative replicas": ({"workers": {"replicas": -1}}, "spec.workers.replicas", "greater than or equal to 0"),
    "too many replicas": ({"workers": {"replicas": 1001}}, "spec.workers.replicas", "less than or equal to 1000"),
    "surge of nothing": ({"workers": {"rollout": {"maxSurge": 0}}}, "spec.workers.rollout.maxSurge", "from 1 to 1000"),
    "surge of too many": ({"workers": {"rollout": {"maxSurge": 1001}}}, "spec.workers.rollout.maxSurge", "got 1001"),
    "surge of no percent": ({"workers": {"rollout": {"maxSurge": "0%"}}}, "spec.workers.rollout.maxSurge", 'got "0%"'),
    "surge over all": ({"workers": {"rollout": {"maxSurge": "101%"}}}, "spec.workers.rollout.maxSurge", '"100%"'),
    "surge in quotes": ({"workers": {"rollout": {"maxSurge": "3"}}}, "spec.workers.rollout.maxSurge", "a number"),
    "surge as a boolean": ({"workers": {"rollout": {"maxSurge": True}}}, "spec.workers.rollout.maxSurge", "got true"),
    "drain of days": (
        {"coordinator": {"drainTimeout": "25h"}},
        "spec.coordinator.drainTimeout",
        "must be from 0s to 24h",
    ),
    "bad quantity": (
        {"workers": {"resources": {"limits": {"memory": "16 gigs"}}}},
        "spec.workers.resources.limits.memory",
        'must be a quantity, for example "16Gi"',
    ),
    "quantity with a Python underscore": (
        {"workers": {"resources": {"limits": {"memory": "16_000Mi"}}}},
        "spec.workers.resources.limits.memory",
        'must be a quantity, for example "16Gi"',
    ),
    "quantity that is not a number": (
        {"workers": {"resources": {"limits": {"memory": "NaN"}}}},
        "spec.workers.resources.limits.memory",
        'must be a quantity, for example "16Gi"',
    ),
    "infinite quantity": (
        {"workers": {"resources": {"limits": {"memory": "Infinity"}}}},
        "spec.workers.resources.limits.memory",
        'must be a quantity, for example "16Gi"',
    ),
    "quantity with a blank": (
        {"workers": {"resources": {"limits": {"memory": " 4Gi"}}}},
        "spec.workers.resources.limits.memory",
        'must be a quantity, for example "16Gi"',
    ),
    "negative quantity": (
        {"workers": {"resources": {"limits": {"memory": "-4Gi"}, "requests": {}}}},
        "spec.workers.resources.limits.memory",
        'must be a quantity, for example "16Gi"',
    ),
    # Its bytes have more digits than Python prints, and each further nought makes the computation ten times longer.
    "quantity beyond all bounds": (
        {"workers": {"resources": {"limits": {"memory": "1e30000"}, "requests": {}}}},
        "spec.workers.resources.limits.memory",
        'must be a quantity, for example "16Gi"',
    ),
    "bad quantity of cpu": (
        {"coordinator": {"resources": {"requests": {"cpu": "four"}}}},
        "spec.coordinator.resources.requests.cpu",
        'must be a quantity, for example "16Gi" or "500m"',
    ),
    "bad heap size": (
        {"workers": {"jvm": {"heapSize": "12GB"}}},
        "spec.workers.jvm.heapSize",
        'must be a quantity, for example "16Gi"',
    ),
    "minimum over maximum": (
        {"workers": {"pools": [{"name": "a", "minReplicas": 3, "maxReplicas": 2}]}},
        "spec.workers.pools[0]",
        "minReplicas must not be greater than maxReplicas (3 > 2)",
    ),
    "two pools of one name": (
        {"workers": {"pools": [{"name": "a"}, {"name": "b"}, {"name": "a"}]}},
        "spec.workers.pools[2].name",
        'must be unique, but item 0 of the list has "a" too',
    ),
    "no pool": ({"workers": {"pools": []}}, "spec.workers.pools", "at least 1 item"),
    "pool named coordinator": (
        {"workers": {"pools": [{"name": "coordinator"}]}},
        "spec.workers.pools[0]",
        'must not be named "coordinator"',
    ),
    "pool with a long name": (
        {"workers": {"pools": [{"name": "a" * 16}]}},
        "spec.workers.pools[0].name",
        "at most 15 characters",
    ),
    "pool with a bad name": (
        {"workers": {"pools": [{"name": "R5"}]}},
        "spec.workers.pools[0].name",
        "lowercase letters, digits and dashes",
    ),
    "pool without a name": ({"workers": {"pools": [{}]}}, "spec.workers.pools[0].name", "required"),
    "heap as large as the limit": (
        {"workers": {"resources": {"limits": {"memory": "8Gi"}}, "jvm": {"heapSize": "8Gi"}}},
        "spec.workers",
        "jvm.heapSize must be less than resources.limits.memory",
    ),
    "heap larger than the limit": (
        {"coordinator": {"jvm": {"heapSize": "5Gi"}}},
        "spec.coordinator",
        "jvm.heapSize must be less than resources.limits.memory",
    ),
    "heap twice": (
        {"workers": {"jvm": {"heapSize": "1Gi", "heapPercent": 50}}},
        "spec.workers.jvm",
        "set heapPercent or heapSize, not both",
    ),
    "too much heap": ({"workers": {"jvm": {"heapPercent": 96}}}, "spec.workers.jvm.heapPercent", "equal to 95"),
    "too little heap": ({"workers": {"jvm": {"heapPercent": 9}}}, "spec.workers.jvm.heapPercent", "equal to 10"),
    "no heap at all": ({"workers": {"jvm": {"heapSize": "0"}}}, "spec.workers", "a heap of 0 MiB is too small"),
    "-Xmx": (
        {"workers": {"jvm": {"extraArgs": ["-Xmx5g"]}}},
        "spec.workers.jvm.extraArgs[0]",
        "must not set the heap (-Xmx",
    ),
    "MaxRAMPercentage": (
        {"coordinator": {"jvm": {"extraArgs": ["-Da=b", "-XX:MaxRAMPercentage=90"]}}},
        "spec.coordinator.jvm.extraArgs[1]",
        "set jvm.heapPercent or jvm.heapSize instead",
    ),
    "MaxHeapSize": (
        {"workers": {"jvm": {"extraArgs": ["-XX:MaxHeapSize=5g"]}}},
        "spec.workers.jvm.extraArgs[0]",
        "set jvm.heapPercent or jvm.heapSize instead",
    ),
    "two arguments in one": (
        {"workers": {"jvm": {"extraArgs": ["-Da=b\n-Xmx5g"]}}},
        "spec.workers.jvm.extraArgs[0]",
        "must be one JVM argument",
    ),
    "argument without a dash": ({"workers": {"jvm": {"extraArgs": ["Xss4m"]}}}, "spec.workers.jvm.extraArgs[0]", "-"),
    "no memory limit": (
        {"workers": {"resources": {"limits": {"cpu": "4"}}}},
        "spec.workers.resources",
        "limits.memory is missing",
    ),
    "memory request over its limit": (
        {"workers": {"resources": {"requests": {"memory": "9Gi"}, "limits": {"memory": "8Gi"}}}},
        "spec.workers.resources.requests.memory",
        "requests must not be greater than limits (9Gi > 8Gi)",
    ),
    "cpu request over its limit": (
        {"workers": {"resources": {"requests": {"cpu": "4"}, "limits": {"cpu": "2", "memory": "4Gi"}}}},
        "spec.workers.resources.requests.cpu",
        "requests must not be greater than limits (4 > 2)",
    ),
    "query memory over the heap": (
        {"workers": {"config": {"query.max-memory-per-node": "3GB"}}},
        "spec.workers.config.query.max-memory-per-node",
        "don't fit into the heap of 3072MB",
    ),
    "headroom over the heap": (
        {"workers": {"config": {"memory.heap-headroom-per-node": "9GB"}}},
        "spec.workers.config.memory.heap-headroom-per-node",
        "9GB is more than the heap",
    ),
    "bad data size": (
        {"coordinator": {"config": {"query.max-memory-per-node": "1Gi"}}},
        "spec.coordinator.config.query.max-memory-per-node",
        'must be a data size, for example "300MB"',
    ),
    "catalog without a connector": (
        {"catalogs": {"hive": {"properties": {"hive.metastore.uri": "thrift://hive:9083"}}}},
        "spec.catalogs.hive.properties",
        "connector.name is required",
    ),
    "catalog without properties": ({"catalogs": {"hive": {}}}, "spec.catalogs.hive", "set at least one of properties"),
    "property in two places": (
        {"catalogs": {"a": {"properties": {"connector.name": "x", "b": "c"}, "secretProperties": {"b": _KEY}}}},
        "spec.catalogs.a.secretProperties.b",
        "is set in properties too: remove one of the two",
    ),
    "two sources": (
        {"catalogsFrom": [{"configMap": "shared", "secret": "shared"}]},
        "spec.catalogsFrom[0]",
        "set exactly one of configMap and secret",
    ),
    "no source": (
        {"catalogs": {"a": {"propertiesFrom": {}}}},
        "spec.catalogs.a.propertiesFrom",
        "set exactly one of configMap and secret",
    ),
    "metastore that is no URI": ({"metastore": {"uris": ["hive:9083"]}}, "spec.metastore.uris[0]", "thrift://"),
    "no metastore": ({"metastore": {"uris": []}}, "spec.metastore.uris", "at least 1 item"),
    "two identities on S3": (
        {
            "metastore": {
                "uris": ["thrift://hive:9083"],
                "s3": {"iamRole": "arn:aws:iam::1:role/presto", "credentials": {"accessKey": _KEY, "secretKey": _KEY}},
            }
        },
        "spec.metastore.s3",
        "credentials or iamRole",
    ),
    "annotations of a ServiceAccount of others": (
        {"serviceAccount": {"name": "theirs", "annotations": {"a": "b"}}},
        "spec.serviceAccount",
        "set name or annotations, not both",
    ),
    "unknown log level": ({"workers": {"logLevels": {"com.facebook": "TRACE"}}}, "spec.workers.logLevels", "'DEBUG'"),
    "unknown Java": ({"image": {"javaVersion": 7}}, "spec.image.javaVersion", "8, 11 or 17"),
    "heap dump nowhere": (
        {"workers": {"jvm": {"heapDumpPath": "dumps"}}},
        "spec.workers.jvm.heapDumpPath",
        "must be an absolute path",
    ),
    "resource groups without groups": ({"resourceGroups": {"selectors": []}}, "spec.resourceGroups", "rootGroups"),
    "session rule that sets nothing": (
        {"sessionPropertyRules": [{"user": "etl", "sessionProperties": {}}]},
        "spec.sessionPropertyRules[0].sessionProperties",
        "at least 1 item",
    ),
    "catalog with a bad name": (
        {"catalogs": {"Hive-1": _TPCH}},
        "spec.catalogs.Hive-1",
        "lowercase letters, digits and underscores",
    ),
    "catalog with a path for a name": (
        {"catalogs": {"../jvm": _TPCH}},
        "spec.catalogs.../jvm",
        "lowercase letters, digits and underscores",
    ),
    "catalog with a long name": ({"catalogs": {"a" * 64: _TPCH}}, "spec.catalogs.aaa", "at most 63 characters"),
    "metastore without URIs": ({"metastore": {"uris": []}}, "spec.metastore.uris", "at least 1 item"),
    "metastore without a scheme": ({"metastore": {"uris": ["hive:9083"]}}, "spec.metastore.uris[0]", "thrift://"),
    "metastore that is there twice": (
        {"metastore": {"uris": ["thrift://hive", "thrift://hive:9083"]}},
        "spec.metastore.uris[1]",
        "each URI must be different: thrift://hive:9083",
    ),
    "unknown health check": (
        {"metastore": {"uris": ["thrift://hive"], "healthCheck": "Off"}},
        "spec.metastore.healthCheck",
        "'Thrift', 'Connect' or 'Disabled'",
    ),
    "unknown pull policy": ({"image": {"pullPolicy": "Sometimes"}}, "spec.image.pullPolicy", "'IfNotPresent'"),
    "no repository": ({"image": {"repository": ""}}, "spec.image.repository", "at least 1 character"),
}


@pytest.mark.parametrize(("spec", "path", "right"), _BAD_SPECS.values(), ids=_BAD_SPECS.keys())
def test_a_bad_spec_is_refused_with_the_field_and_what_is_right(spec: dict[str, Any], path: str, right: str) -> None:
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(manifest(**spec))
    assert path in str(caught.value)
    assert right in str(caught.value)


@pytest.mark.parametrize("key", OWNED_NODE_PROPERTIES)
def test_an_owned_node_property_is_refused(key: str) -> None:
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(manifest(workers={"nodeProperties": {key: "x"}}))
    assert str(caught.value) == f"spec.workers.nodeProperties.{key}: is set by the operator: remove it"


@pytest.mark.parametrize("role", ["coordinator", "workers"])
@pytest.mark.parametrize("key", OWNED_PROPERTIES)
def test_an_owned_property_is_refused(role: str, key: str) -> None:
    spec: dict[str, Any] = {role: {"config": {"query.max-memory": "1GB", key: "x"}}}
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(manifest(**spec))
    assert str(caught.value) == f"spec.{role}.config.{key}: is set by the operator: remove it"


@pytest.mark.parametrize(
    "name", [None, "", 7, "Adhoc", "1st", "adhoc-", "ad.hoc", "ad_hoc", "a" * 39, "adhoc\n"], ids=repr
)
def test_a_bad_name_is_refused(name: object) -> None:
    body = manifest()
    body["metadata"]["name"] = name
    with pytest.raises(InvalidClusterError, match=r"metadata\.name: .* at most 38 characters"):
        parse_cluster(body)


@pytest.mark.parametrize("body", [{}, {"spec": None}, {"spec": {}}], ids=["no spec", "null", "empty"])
def test_a_missing_spec_says_what_is_required(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidClusterError, match=r"spec(\.version)?: required"):
        parse_cluster({"metadata": {"name": "adhoc"}, **body})


@pytest.mark.parametrize("metadata", [None, "adhoc", [], 3], ids=repr)
def test_metadata_that_is_no_object_is_refused(metadata: object) -> None:
    with pytest.raises(InvalidClusterError, match="metadata"):
        parse_cluster({"metadata": metadata, "spec": {"version": "0.287"}})


def test_all_errors_are_reported() -> None:
    body = manifest(
        name="Adhoc",
        version="287",
        workers={"replicas": -1, "pools": [{"name": "a", "minReplicas": 2, "maxReplicas": 1}]},
        catalogs={"hive": {"properties": {"hive.metastore": "glue"}}},
    )
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(body)
    assert {error.path for error in caught.value.errors} == {
        "metadata.name",
        "spec.version",
        "spec.workers.replicas",
        "spec.workers.pools[0]",
        "spec.catalogs.hive.properties",
    }
    assert all(str(error) in str(caught.value) for error in caught.value.errors)


@pytest.mark.parametrize(
    "spec", [{"workers": 3}, {"image": "prestodb/presto"}, {"coordinator": []}, {"catalogs": {"tpch": "tpch"}}]
)
def test_messages_are_for_people_who_know_no_python(spec: dict[str, Any]) -> None:
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(manifest(**spec))
    assert "instance of" not in str(caught.value)
    assert "dictionary" not in str(caught.value)

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from presto_operator.api import InvalidClusterError, PrestoCluster, SourceObject, parse_cluster
from presto_operator.desired import cluster_objects
from presto_operator.objects import KubernetesObject
from presto_operator.presto import https_port
from tests.unit.generations import generation_name, generation_objects
from tests.unit.manifest import cluster, manifest

_GROUP = {"name": "all", "softMemoryLimit": "80%", "maxQueued": 10, "hardConcurrencyLimit": 2}
_PASSWORD = "hunter2"


def _objects(built: PrestoCluster) -> list[KubernetesObject]:
    return [
        *cluster_objects(built, generation_name(built), https_port(built.spec.coordinator.config)),
        *generation_objects(built, {pool.name: 1 for pool in built.spec.workers.pools}),
    ]


def _files(built: PrestoCluster, role: str) -> dict[str, str]:
    (found,) = [
        obj["data"]
        for obj in _objects(built)
        if obj["kind"] == "ConfigMap" and obj["metadata"]["labels"].get("prestooperator.io/role") == role
    ]
    assert isinstance(found, dict)
    return found


def _with_password(password: str = _PASSWORD) -> PrestoCluster:
    catalogs = {
        "mysql": {
            "properties": {"connector.name": "mysql"},
            "secretProperties": {"connection-password": {"name": "db", "key": "password"}},
        },
        "tpch": {"properties": {"connector.name": "tpch"}},
    }
    return parse_cluster(manifest(catalogs=catalogs), {SourceObject("Secret", "db"): {"password": password}})


@pytest.mark.parametrize("role", ["coordinator", "worker"])
def test_files_that_nobody_asked_for_are_not_there(role: str) -> None:
    assert set(_files(cluster(), role)) == {
        "config.properties",
        "jvm.config",
        "node.properties",
        "passwd",
        "server.sh",
    }


def test_log_levels_and_node_properties_are_the_roles_own() -> None:
    built = cluster(
        workers={"logLevels": {"com.facebook.presto": "DEBUG"}, "nodeProperties": {"node.location": "rack-7"}}
    )
    assert _files(built, "worker")["log.properties"] == "com.facebook.presto=DEBUG\n"
    assert "node.location=rack-7" in _files(built, "worker")["node.properties"].splitlines()
    assert _files(built, "coordinator") == _files(cluster(), "coordinator")


def test_further_files_are_the_roles_own() -> None:
    text = "access-control.name=read-only\n"
    built = cluster(coordinator={"configFiles": {"access-control.properties": text}})
    assert _files(built, "coordinator") == {**_files(cluster(), "coordinator"), "access-control.properties": text}
    assert _files(built, "worker").keys() == _files(cluster(), "worker").keys()
    assert generation_name(built) != generation_name(cluster())


def test_clients_reach_the_coordinator_by_https_if_it_has_that() -> None:
    config = {"http-server.https.enabled": "true", "http-server.https.port": "8444"}

    def ports(built: PrestoCluster) -> dict[str, list[int]]:
        services = [obj for obj in _objects(built) if obj["kind"] == "Service"]
        return {obj["metadata"]["name"]: [port["port"] for port in obj["spec"]["ports"]] for obj in services}

    assert ports(cluster(coordinator={"config": config}))["adhoc"] == [8080, 8444]
    assert ports(cluster(workers={"config": config}))["adhoc"] == [8080]
    assert {tuple(found) for found in ports(cluster()).values()} == {(8080,)}


def test_no_file_of_the_operators_can_be_replaced() -> None:
    built = cluster(
        coordinator={"logLevels": {"com.facebook.presto": "DEBUG"}},
        resourceGroups={"rootGroups": [_GROUP], "selectors": []},
        sessionPropertyRules=[{"user": "etl.*", "sessionProperties": {"query_max_execution_time": "8h"}}],
    )
    for name in _files(built, "coordinator"):
        with pytest.raises(InvalidClusterError, match=f"spec.coordinator.configFiles.{name}: "):
            cluster(coordinator={"configFiles": {name: ""}})


def test_resource_groups_and_session_rules_are_the_coordinators_as_presto_reads_them() -> None:
    rules = [{"user": "etl.*", "clientTags": ["nightly"], "sessionProperties": {"query_max_execution_time": "8h"}}]
    built = cluster(resourceGroups={"rootGroups": [_GROUP], "selectors": []}, sessionPropertyRules=rules)
    files = _files(built, "coordinator")
    assert json.loads(files["resource-groups.json"]) == {"rootGroups": [_GROUP], "selectors": []}
    assert json.loads(files["session-property-config.json"]) == rules
    assert files["resource-groups.properties"].splitlines() == [
        "resource-groups.config-file=/etc/presto/resource-groups.json",
        "resource-groups.configuration-manager=file",
    ]
    assert files["session-property-config.properties"].splitlines() == [
        "session-property-config.configuration-manager=file",
        "session-property-manager.config-file=/etc/presto/session-property-config.json",
    ]
    assert set(_files(built, "worker")) == set(_files(cluster(), "worker"))


@pytest.mark.parametrize(
    ("spec", "opens"),
    [
        ({}, False),
        ({"version": "0.295"}, True),
        ({"version": "0.290", "image": {"javaVersion": 17}}, True),
        ({"version": "0.294"}, False),
    ],
)
def test_the_jvm_gets_the_arguments_of_its_java(spec: dict[str, Any], *, opens: bool) -> None:
    assert ("--add-opens=java.base/java.lang=ALL-UNNAMED" in _files(cluster(**spec), "worker")["jvm.config"]) is opens


def test_a_heap_dump_is_written_where_it_was_asked_for_and_the_server_still_exits() -> None:
    arguments = _files(cluster(workers={"jvm": {"heapDumpPath": "/dumps"}}), "worker")["jvm.config"].splitlines()
    assert "-XX:+HeapDumpOnOutOfMemoryError" in arguments
    assert "-XX:HeapDumpPath=/dumps" in arguments
    assert "-XX:+ExitOnOutOfMemoryError" in arguments


def test_a_secret_is_in_a_secret_and_nowhere_else() -> None:
    objects = _objects(_with_password())
    (secret,) = [obj for obj in objects if obj["kind"] == "Secret"]
    text = base64.b64decode(secret["data"]["mysql.properties"]).decode()
    assert text == f"connection-password={_PASSWORD}\nconnector.name=mysql\n"
    assert secret["immutable"] is True
    rest = json.dumps([obj for obj in objects if obj is not secret])
    assert _PASSWORD not in rest
    assert base64.b64encode(_PASSWORD.encode()).decode() not in rest


def test_every_server_reads_both_kinds_of_catalog() -> None:
    objects = _objects(_with_password())
    deployments = [obj for obj in objects if obj["kind"] == "Deployment"]
    assert len(deployments) == 2
    for deployment in deployments:
        config = deployment["spec"]["template"]["spec"]["volumes"][0]["projected"]["sources"]
        assert [item["path"] for source in config[1:] for item in next(iter(source.values()))["items"]] == [
            "catalog/tpch.properties",
            "catalog/mysql.properties",
        ]


def test_a_changed_secret_is_another_generation_and_the_same_one_is_none() -> None:
    assert generation_name(_with_password("other")) != generation_name(_with_password())
    assert generation_name(_with_password()) == generation_name(_with_password())


def test_a_service_account_of_others_is_used_and_none_is_made() -> None:
    objects = _objects(cluster(serviceAccount={"name": "theirs"}))
    assert not [obj for obj in objects if obj["kind"] == "ServiceAccount"]
    names = {obj["spec"]["template"]["spec"]["serviceAccountName"] for obj in objects if obj["kind"] == "Deployment"}
    assert names == {"theirs"}


def test_annotations_of_the_service_account_roll_the_cluster() -> None:
    built = cluster(serviceAccount={"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/presto"}})
    (account,) = [obj for obj in _objects(built) if obj["kind"] == "ServiceAccount"]
    assert account["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/presto"}
    assert generation_name(built) != generation_name(cluster())


def test_a_changed_secret_of_a_variable_starts_its_role_anew_and_is_not_told() -> None:
    variable = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}

    def built(password: str) -> PrestoCluster:
        return parse_cluster(
            manifest(workers={"env": [variable]}), {SourceObject("Secret", "db"): {"password": password}}
        )

    def templates(password: str) -> dict[str, Any]:
        return {
            obj["metadata"]["labels"]["prestooperator.io/role"]: obj["spec"]["template"]
            for obj in _objects(built(password))
            if obj["kind"] == "Deployment"
        }

    assert templates("other")["worker"] != templates(_PASSWORD)["worker"]
    assert templates("other")["coordinator"] == templates(_PASSWORD)["coordinator"]
    assert _PASSWORD not in json.dumps(_objects(built(_PASSWORD)))

"""A bad manifest is refused with a sentence that helps, and what runs is not touched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.kit.resources import Namespace, Resource, manifest

GOOD: dict[str, Any] = {"version": "0.287", "workers": {"replicas": 1}}
SCHEDULE = {"name": "office", "start": "0 8 * * 1-5", "end": "0 20 * * 1-5", "minReplicas": 2}


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
    "surge of nothing": (
        spec(workers={"rollout": {"maxSurge": 0}}),
        ["spec.workers.rollout.maxSurge", "must be a number of workers from 1 to 1000"],
    ),
    "surge of no percent": (
        spec(workers={"rollout": {"maxSurge": "many"}}),
        ["spec.workers.rollout.maxSurge", 'a percentage from "1%" to "100%"'],
    ),
    "coordinator that waits for days": (
        spec(coordinator={"drainTimeout": "25h"}),
        ["spec.coordinator.drainTimeout", "must be from 0s to 24h"],
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
        ["spec.workers.pools[0].name", 'must not be named "coordinator"'],
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
        ["spec.workers.resources", "limits.memory is missing"],
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
        ["spec.workers.jvm.extraArgs[0]", "must not set the heap (-Xmx"],
    ),
    "a property that the operator owns": (
        spec(coordinator={"config": {"discovery.uri": "http://elsewhere:8080"}}),
        ["spec.coordinator.config", "discovery.uri is set by the operator: remove it"],
    ),
    "catalog without a connector": (
        spec(catalogs={"hive": {"properties": {"hive.metastore.uri": "thrift://x:9083"}}}),
        ["spec.catalogs", "connector.name is required"],
    ),
    "plugin from nowhere": (spec(plugins=[{"name": "udfs"}]), ["spec.plugins[0]", "set exactly one of image and url"]),
    "plugin from two places": (
        spec(plugins=[{"name": "udfs", "image": "registry/udfs:3", "path": "/plugin", "url": "https://repo/udfs.jar"}]),
        ["spec.plugins[0]", "set exactly one of image and url"],
    ),
    "plugin image without a path": (
        spec(plugins=[{"name": "udfs", "image": "registry/udfs:3"}]),
        ["spec.plugins[0]", "image needs path"],
    ),
    "plugin address without a checksum": (
        spec(plugins=[{"name": "udfs", "url": "https://repo/udfs.jar"}]),
        ["spec.plugins[0]", "url needs sha256"],
    ),
    "plugin checksum that is none": (
        spec(plugins=[{"name": "udfs", "url": "https://repo/udfs.jar", "sha256": "abc"}]),
        ["spec.plugins[0].sha256", "[0-9a-f]{64}"],
    ),
    "plugin of an unknown kind": (
        spec(plugins=[{"name": "udfs", "url": "https://repo/udfs.rpm", "sha256": "0" * 64}]),
        ["spec.plugins[0].url", "jar"],
    ),
    "password in a plugin's address": (
        spec(plugins=[{"name": "udfs", "url": "https://me:secret@repo/udfs.jar", "sha256": "0" * 64}]),
        ["spec.plugins[0].url"],
    ),
    "two plugins of one name": (
        spec(plugins=[{"name": "udfs", "image": "registry/udfs:3", "path": "/plugin"}] * 2),
        ["spec.plugins[1]", "Duplicate value"],
    ),
    "plugin.dir beside plugins": (
        spec(
            plugins=[{"name": "udfs", "image": "registry/udfs:3", "path": "/plugin"}],
            coordinator={"config": {"plugin.dir": "/plugins"}},
        ),
        ["coordinator.config: plugin.dir is set by the operator if spec.plugins is set"],
    ),
    "sysctl of the node": (
        spec(sysctls={"net.core.somaxconn": "1024", "vm.max_map_count": "262144"}),
        ["sysctls.vm.max_map_count belongs to the whole node", "allowNodeSysctls: true"],
    ),
    "sysctl of the node's network": (
        spec(sysctls={"net.netfilter.nf_conntrack_max": "262144"}, allowNodeSysctls=True),
        ["spec.sysctls", "net.netfilter.nf_conntrack_max belongs to the node's network namespace"],
    ),
    "file of another field": (
        spec(coordinator={"configFiles": {"resource-groups.json": "{}"}}),
        ["spec.coordinator.configFiles", "resource-groups.json is generated from resourceGroups: set that instead"],
    ),
    "file in a directory": (
        spec(coordinator={"configFiles": {"etc/access-control.properties": ""}}),
        ["spec.coordinator.configFiles", "must be a file name without a directory"],
    ),
    "server without HTTP": (
        spec(workers={"config": {"http-server.http.enabled": "false"}}),
        ["spec.workers.config", "http-server.http.enabled is set by the operator: remove it"],
    ),
    "sysctl with slashes": (
        spec(sysctls={"net/core/somaxconn": "1024"}),
        ["spec.sysctls", "must be a sysctl with dots"],
    ),
    "sysctl that is a number": (spec(sysctls={"net.core.somaxconn": 1024}), ["spec.sysctls", "string"]),
    "too few open files": (
        spec(workers={"ulimits": {"nofile": 1024}}),
        ["spec.workers.ulimits.nofile", "greater than or equal to 4096"],
    ),
    "limit in words": (spec(workers={"ulimits": {"core": "none"}}), ["spec.workers.ulimits.core", 'or "unlimited"']),
    "negative limit": (
        spec(workers={"ulimits": {"core": -1}}),
        ["spec.workers.ulimits.core", "a whole number of at least 0"],
    ),
    "variable that the operator sets": (
        spec(workers={"env": [{"name": "POD_NAME", "value": "x"}]}),
        ["spec.workers.env[0].name", "POD_NAME is set by the operator: remove it"],
    ),
    "variable without a value": (
        spec(workers={"env": [{"name": "TZ"}]}),
        ["spec.workers.env[0]", "set exactly one of value and valueFrom"],
    ),
    "variable from two sources": (
        spec(
            workers={
                "env": [
                    {
                        "name": "TZ",
                        "valueFrom": {
                            "fieldRef": {"fieldPath": "status.podIP"},
                            "secretKeyRef": {"name": "a", "key": "b"},
                        },
                    }
                ]
            }
        ),
        ["spec.workers.env[0].valueFrom", "exactly one of secretKeyRef"],
    ),
    "two variables of one name": (
        spec(workers={"env": [{"name": "TZ", "value": "UTC"}] * 2}),
        ["spec.workers.env[1]", "Duplicate value"],
    ),
    "volume over the configuration": (
        spec(workers={"volumes": [{"name": "spill", "mountPath": "/etc", "source": {"emptyDir": {}}}]}),
        ["spec.workers.volumes[0].mountPath", "must not be, contain or be inside /etc/presto"],
    ),
    "volume in the data directory": (
        spec(workers={"volumes": [{"name": "spill", "mountPath": "/var/lib/presto/x", "source": {"emptyDir": {}}}]}),
        ["spec.workers.volumes[0].mountPath", "must not be, contain or be inside"],
    ),
    "volume with the operator's name": (
        spec(workers={"volumes": [{"name": "data", "mountPath": "/spill", "source": {"emptyDir": {}}}]}),
        ["spec.workers.volumes[0].name", "are reserved for the operator: choose another name"],
    ),
    "volume of two sources": (
        spec(
            workers={
                "volumes": [
                    {"name": "spill", "mountPath": "/spill", "source": {"emptyDir": {}, "hostPath": {"path": "/x"}}}
                ]
            }
        ),
        ["spec.workers.volumes[0].source", "at most 1"],
    ),
    "volume of no source": (
        spec(workers={"volumes": [{"name": "spill", "mountPath": "/spill", "source": {}}]}),
        ["spec.workers.volumes[0].source", "at least 1"],
    ),
    "two volumes in one place": (
        spec(
            workers={
                "volumes": [
                    {"name": "a", "mountPath": "/spill", "source": {"emptyDir": {}}},
                    {"name": "b", "mountPath": "/spill", "source": {"emptyDir": {}}},
                ]
            }
        ),
        ["spec.workers.volumes", "each item needs a mountPath of its own"],
    ),
    "init container with the operator's name": (
        spec(workers={"initContainers": [{"name": "plugin-udfs", "image": "registry/x:1"}]}),
        ["spec.workers.initContainers[0].name", "are reserved for the operator: choose another name"],
    ),
    "init container without an image": (
        spec(workers={"initContainers": [{"name": "format"}]}),
        ["spec.workers.initContainers[0].image", "Required"],
    ),
    "label of the operator in an override": (
        spec(workers={"podOverrides": {"metadata": {"labels": {"prestooperator.io/pool": "x"}}}}),
        ["spec.workers.podOverrides.metadata.labels", "starts with prestooperator.io/ is set by the operator"],
    ),
    "autoscaling without a maximum": (spec(autoscaling={}), ["spec.autoscaling.maxReplicas", "Required"]),
    "autoscaling with bounds out of order": (
        spec(autoscaling={"minReplicas": 9, "maxReplicas": 8}),
        ["spec.autoscaling", "minReplicas must not be greater than maxReplicas"],
    ),
    "autoscaling without a target": (
        spec(autoscaling={"maxReplicas": 8, "targets": {}}),
        ["spec.autoscaling.targets", "set at least one of queriesPerWorker and workerCPUPercent"],
    ),
    "schedule that bounds nothing": (
        spec(autoscaling={"maxReplicas": 8, "schedules": [{"name": "a", "start": "0 8 * * *", "end": "0 9 * * *"}]}),
        ["spec.autoscaling.schedules[0]", "set at least one of minReplicas and maxReplicas"],
    ),
    "schedule that is no cron": (
        spec(autoscaling={"maxReplicas": 8, "schedules": [{**SCHEDULE, "start": "8:00"}]}),
        ["spec.autoscaling.schedules[0].start", "8:00"],
    ),
    "schedule above the maximum": (
        spec(autoscaling={"maxReplicas": 8, "schedules": [{**SCHEDULE, "minReplicas": 9}]}),
        ["spec.autoscaling", "minReplicas of a schedule must not be greater"],
    ),
    "schedule that lifts the maximum": (
        spec(autoscaling={"maxReplicas": 8, "schedules": [{**SCHEDULE, "maxReplicas": 9}]}),
        ["spec.autoscaling", "a schedule can only lower it"],
    ),
    "two schedules of one name": (
        spec(autoscaling={"maxReplicas": 8, "schedules": [SCHEDULE, SCHEDULE]}),
        ["spec.autoscaling.schedules[1]", "Duplicate value"],
    ),
    "idleness of no time": (
        spec(autoscaling={"maxReplicas": 8, "scaleToZero": {"idleAfter": "1s"}}),
        ["spec.autoscaling.scaleToZero.idleAfter", "must be from 1m to 24h"],
    ),
    "tolerance below zero": (
        spec(autoscaling={"maxReplicas": 8, "behavior": {"scaleUp": {"tolerance": -0.1}}}),
        ["spec.autoscaling.behavior.scaleUp.tolerance"],
    ),
    "bad catalog name": (
        spec(catalogs={"My-Hive": {"properties": {"connector.name": "tpch"}}}),
        ["spec.catalogs", "each name must start with a letter"],
    ),
}


@pytest.fixture
def running(namespace: Namespace) -> Namespace:
    """A namespace with a cluster `adhoc` that runs."""
    namespace.apply({**manifest("adhoc"), "spec": GOOD})
    namespace.wait_until_quiet("adhoc", timeout=60)
    return namespace


def test_bad_manifests_are_refused_at_apply_and_the_cluster_is_untouched(running: Namespace) -> None:
    before = running.resource_versions("adhoc")

    # Each takes a moment and none depends on another.
    with ThreadPoolExecutor(max_workers=4) as kubectl:
        bad_manifests = [{**manifest("adhoc"), "spec": bad} for bad, _ in REFUSED_AT_APPLY.values()]
        messages = list(kubectl.map(running.refusal_of, bad_manifests))

    for message, (case, (_, wanted)) in zip(messages, REFUSED_AT_APPLY.items(), strict=True):
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
    assert condition["reason"] == "SpecRejected"
    assert "spec.workers.config.query.max-memory-per-node: a limit of 6144MB" in condition["message"]
    assert running.presto_cluster("adhoc")["status"]["phase"] == "Invalid"
    assert running.condition("adhoc", "Ready")["status"] == "True"
    after = running.children("adhoc")
    assert {key: without_status(child) for key, child in after.items()} == {
        key: without_status(child) for key, child in before.items()
    }
    assert {pod["metadata"]["uid"] for pod in running.pods("adhoc")} == pods
    assert running.wait_for_event("adhoc", "SpecRejected", timeout=20)

    running.apply({**manifest("adhoc"), "spec": spec(workers={"replicas": 2})})
    running.wait_for_condition("adhoc", "Valid", "True", timeout=20)
    running.wait_until_settled("adhoc", timeout=60)


def test_what_an_override_must_not_touch_is_a_condition_that_names_the_field_to_use(running: Namespace) -> None:
    before = running.children("adhoc")
    override = {"spec": {"containers": [{"name": "presto", "command": ["sleep"]}]}}

    running.apply({**manifest("adhoc"), "spec": spec(workers={"replicas": 1, "podOverrides": override})})

    condition = running.wait_for_condition("adhoc", "Valid", "False", timeout=20)
    assert (
        "spec.workers.podOverrides.spec.containers[presto].command: is set by the operator: set jvm"
        in condition["message"]
    )
    after = running.children("adhoc")
    assert {key: without_status(child) for key, child in after.items()} == {
        key: without_status(child) for key, child in before.items()
    }


def without_status(child: Resource) -> Resource:
    """What of an object its controllers don't write by themselves."""
    metadata = {
        name: value for name, value in child["metadata"].items() if name not in ("resourceVersion", "managedFields")
    }
    return {**child, "metadata": metadata, "status": None}

"""The pods against the Pod Security Standard `restricted`, as Kubernetes' documentation states it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from presto_operator.api import InvalidClusterError, PrestoCluster, parse_cluster
from presto_operator.desired.pod_security import pod_security_warnings
from tests.unit.generations import generation_name, generation_objects
from tests.unit.manifest import cluster, manifest

_EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))
_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}

_EVERYTHING: dict[str, Any] = {
    "plugins": [
        {"name": "our-udfs", "image": "registry/udfs:3", "path": "/plugin"},
        {"name": "geo", "url": "https://repo/geo.zip", "sha256": "0" * 64},
    ],
    "sysctls": {"net.ipv4.tcp_keepalive_time": "60"},
    "workers": {
        "initContainers": [
            {"name": "first", "image": "x"},
            {"name": "second", "image": "x", "securityContext": {"runAsUser": 7, "readOnlyRootFilesystem": True}},
        ],
        "podOverrides": {
            "spec": {
                "containers": [{"name": "proxy", "image": "x"}],
                "initContainers": [{"name": "third", "image": "x", "securityContext": None}],
            }
        },
    },
}


def _pods(of: PrestoCluster) -> Iterator[dict[str, Any]]:
    replicas = {pool.name: 1 for pool in of.spec.workers.pools}
    for obj in generation_objects(of, replicas):
        if obj["kind"] == "Deployment":
            yield obj["spec"]["template"]["spec"]


def _violations(pod: Mapping[str, Any]) -> Iterator[str]:
    for volume in pod["volumes"]:
        if set(volume) - {"name"} - _VOLUMES:
            yield f"volume {volume['name']}"
    yield from (field for field in ("hostNetwork", "hostPID", "hostIPC") if pod.get(field))
    for container in (*pod["containers"], *pod.get("initContainers", [])):
        effective = {**pod.get("securityContext", {}), **(container.get("securityContext") or {})}
        required = {
            "runAsNonRoot": effective.get("runAsNonRoot") is True,
            "runAsUser": effective.get("runAsUser", 0) > 0,
            "allowPrivilegeEscalation": effective.get("allowPrivilegeEscalation") is False,
            "capabilities": effective.get("capabilities") == {"drop": ["ALL"]},
            "seccompProfile": effective.get("seccompProfile") == {"type": "RuntimeDefault"},
        }
        yield from (f"{container['name']}: {field}" for field, is_met in required.items() if not is_met)


@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda example: example.stem)
def test_the_pods_of_every_example_are_restricted(example: Path) -> None:
    bodies = [body for body in yaml.safe_load_all(example.read_text()) if body.get("kind") == "PrestoCluster"]
    assert bodies
    for body in bodies:
        body["spec"].pop("catalogsFrom", None)
        for pod in _pods(parse_cluster(body)):
            assert list(_violations(pod)) == []


def test_every_container_of_a_pod_is_restricted_whoever_added_it() -> None:
    pods = list(_pods(cluster(**_EVERYTHING)))
    names = [container["name"] for container in pods[1]["initContainers"]]
    assert names == ["plugin-our-udfs", "plugin-geo", "first", "second", "third"]
    for pod in pods:
        assert list(_violations(pod)) == []


def test_what_a_container_of_the_users_asks_for_itself_stays() -> None:
    _, workers = _pods(cluster(**_EVERYTHING))
    second = next(container for container in workers["initContainers"] if container["name"] == "second")
    assert second["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsUser": 7,
        "readOnlyRootFilesystem": True,
    }


def test_servers_write_only_to_volumes_of_a_limited_size() -> None:
    for pod in _pods(cluster(plugins=_EVERYTHING["plugins"])):
        server = pod["containers"][0]
        assert server["securityContext"]["readOnlyRootFilesystem"] is True
        mounts = {mount["name"]: mount["mountPath"] for mount in server["volumeMounts"] if not mount.get("readOnly")}
        assert mounts == {"data": "/var/lib/presto", "presto-tmp": "/tmp"}
        limits = {volume["name"]: volume.get("emptyDir", {}).get("sizeLimit") for volume in pod["volumes"]}
        assert limits == {"config": None, "data": "10Gi", "presto-tmp": "2Gi", "plugins": "5Gi"}


@pytest.mark.parametrize(
    ("role", "limits"),
    [
        ({}, ("10Gi", "2Gi")),
        ({"jvm": {"heapDumpPath": "/dumps"}}, ("10Gi", "2Gi")),
        ({"jvm": {"heapDumpPath": "/var/lib/presto-dumps"}}, ("10Gi", "2Gi")),
        ({"jvm": {"heapDumpPath": "/var/lib/presto", "heapSize": "3Gi"}}, (f"{13 * 1024}Mi", "2Gi")),
        ({"jvm": {"heapDumpPath": "/tmp/dumps", "heapSize": "3Gi"}}, ("10Gi", f"{5 * 1024}Mi")),
        ({"emptyDirLimits": {"data": "1Ti", "tmp": "5Mi"}}, ("1Ti", "5Mi")),
    ],
    ids=str,
)
def test_a_heap_dump_has_room_where_it_is_written(role: dict[str, Any], limits: tuple[str, str]) -> None:
    _, workers = _pods(cluster(workers=role))
    sizes = {volume["name"]: volume.get("emptyDir", {}).get("sizeLimit") for volume in workers["volumes"]}
    assert (sizes["data"], sizes["presto-tmp"]) == limits


def test_the_user_has_a_name_in_every_image() -> None:
    of = cluster(podSecurity={"runAsUser": 4711})
    (config,) = [
        obj
        for obj in generation_objects(of, {"workers": 1})
        if obj["kind"] == "ConfigMap" and obj["metadata"]["name"].startswith("adhoc-worker-")
    ]
    assert "\npresto:x:4711:1000:presto:/var/lib/presto:/bin/sh\n" in config["data"]["passwd"]
    for pod in _pods(of):
        mounts = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["mountPath"] == "/etc/passwd"]
        assert mounts == [{"name": "config", "mountPath": "/etc/passwd", "subPath": "passwd", "readOnly": True}]


@pytest.mark.parametrize("path", ["/tmp", "/tmp/", "/etc/passwd"])
def test_a_volume_of_the_users_takes_the_place_of_ours(path: str) -> None:
    volume = {"name": "mine", "mountPath": path, "source": {"emptyDir": {}}}
    _, workers = _pods(cluster(workers={"volumes": [volume]}))
    mounts = [mount["mountPath"].rstrip("/") for mount in workers["containers"][0]["volumeMounts"]]
    assert len(mounts) == len(set(mounts))
    assert "mine" in [mount["name"] for mount in workers["containers"][0]["volumeMounts"]]


@pytest.mark.parametrize("profile", ["Baseline", "Privileged"])
def test_an_image_that_needs_root_gets_it_by_its_profile(profile: str) -> None:
    for pod in _pods(cluster(podSecurity={"profile": profile})):
        assert "securityContext" not in pod
        assert "readOnlyRootFilesystem" not in pod["containers"][0]["securityContext"]
        assert "/etc/passwd" not in [mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]]


def test_each_setting_can_be_chosen_apart_from_the_profile() -> None:
    for pod in _pods(cluster(podSecurity={"readOnlyRootFilesystem": False, "runAsUser": 7, "runAsGroup": 8})):
        assert pod["securityContext"].items() >= {"runAsUser": 7, "runAsGroup": 8, "fsGroup": 8}.items()
        assert "readOnlyRootFilesystem" not in pod["containers"][0]["securityContext"]
        assert list(_violations(pod)) == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"podSecurity": {"runAsUser": 0}}, "spec.podSecurity"),
        ({"sysctls": {"vm.swappiness": "1"}, "allowNodeSysctls": True}, "spec.podSecurity.profile"),
        (
            {
                "sysctls": {"vm.swappiness": "1"},
                "allowNodeSysctls": True,
                "podSecurity": {"profile": "Baseline"},
            },
            "spec.podSecurity.profile",
        ),
        (
            {"workers": {"podOverrides": {"spec": {"securityContext": {"runAsUser": 0}}}}},
            "spec.workers.podOverrides.spec.securityContext.runAsUser",
        ),
        (
            {"coordinator": {"initContainers": [{"name": "a", "image": "x", "securityContext": {"runAsUser": 0}}]}},
            "spec.coordinator.initContainers[0].securityContext.runAsUser",
        ),
        (
            {
                "workers": {
                    "podOverrides": {
                        "spec": {"containers": [{"name": "presto", "securityContext": {"runAsNonRoot": False}}]}
                    }
                }
            },
            "spec.workers.podOverrides.spec.containers[presto].securityContext.runAsNonRoot",
        ),
    ],
    ids=str,
)
def test_what_a_restricted_pod_can_not_have_is_refused_with_the_way_out(spec: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(manifest(**spec))
    (error,) = caught.value.errors
    assert error.path == path
    assert "Baseline" in error.message or "Privileged" in error.message


def test_the_same_is_allowed_by_another_profile() -> None:
    roots = {"podOverrides": {"spec": {"securityContext": {"runAsUser": 0}}}}
    parse_cluster(manifest(podSecurity={"profile": "Baseline", "runAsUser": 0}, workers=roots))


@pytest.mark.parametrize("change", [{"profile": "Baseline"}, {"runAsUser": 7}, {"readOnlyRootFilesystem": False}])
def test_a_change_of_it_is_a_new_generation(change: dict[str, Any]) -> None:
    assert generation_name(cluster(podSecurity=change)) != generation_name(cluster())


_DUMPS = {"name": "dumps", "mountPath": "/dumps", "source": {"emptyDir": {}}}


@pytest.mark.parametrize(
    ("spec", "is_warned"),
    [
        ({"workers": {"jvm": {"heapDumpPath": "/dumps"}}}, True),
        ({"workers": {"jvm": {"heapDumpPath": "/dumps-2"}, "volumes": [_DUMPS]}}, True),
        ({"workers": {"jvm": {"heapDumpPath": "/dumps"}, "volumes": [{**_DUMPS, "readOnly": True}]}}, True),
        ({"workers": {"jvm": {"heapDumpPath": "/dumps/x"}, "volumes": [_DUMPS]}}, False),
        ({"workers": {"jvm": {"heapDumpPath": "/var/lib/presto"}}}, False),
        ({"workers": {"jvm": {"heapDumpPath": "/tmp/x"}}}, False),
        ({"workers": {"jvm": {"heapDumpPath": "/dumps"}}, "podSecurity": {"profile": "Baseline"}}, False),
        ({"workers": {"jvm": {"heapDumpPath": "/dumps"}}, "podSecurity": {"readOnlyRootFilesystem": False}}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_heap_dump_that_can_not_be_written_is_warned_about(spec: dict[str, Any], *, is_warned: bool) -> None:
    warnings = pod_security_warnings(cluster(**spec).spec)
    assert any(warning.startswith("spec.workers.jvm.heapDumpPath: ") for warning in warnings) == is_warned

"""Fields of what a pod is made of, as far as they are refused."""

from __future__ import annotations

from typing import Any

import pytest

from presto_operator.api import InvalidClusterError, is_namespaced, parse_cluster
from presto_operator.api.owned import MOUNT_PATHS
from tests.unit.manifest import manifest

_IMAGE = {"name": "udfs", "image": "registry/udfs:3", "path": "/plugin"}
_URL = {"name": "udfs", "url": "https://repo/udfs-1.0.tar.gz", "sha256": "0" * 64}
_SCRATCH = {"name": "spill", "mountPath": "/spill", "source": {"emptyDir": {}}}


def _errors(**spec: Any) -> str:
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(manifest(**spec))
    return str(caught.value)


_BAD_PLUGINS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"name": "udfs"}, "set exactly one of image and url"),
    "both": ({**_IMAGE, **_URL}, "set exactly one of image and url"),
    "no path": ({"name": "udfs", "image": "x"}, "image needs path: set both or neither"),
    "path with url": ({**_URL, "path": "/plugin"}, "path needs image: set both or neither"),
    "relative path": ({**_IMAGE, "path": "plugin"}, "path: "),
    "pull policy with url": ({**_URL, "pullPolicy": "Always"}, "pullPolicy needs image: set both or neither"),
    "no checksum": ({"name": "udfs", "url": _URL["url"]}, "url needs sha256: set both or neither"),
    "checksum with image": ({**_IMAGE, "sha256": "0" * 64}, "sha256 needs url: set both or neither"),
    "short checksum": ({**_URL, "sha256": "0" * 63}, "sha256: "),
    "checksum in capitals": ({**_URL, "sha256": "A" * 64}, "sha256: "),
    "unknown archive": ({**_URL, "url": "https://repo/udfs.rar"}, "url: "),
    "a file of the pod": ({**_URL, "url": "file:///etc/passwd.jar"}, "url: "),
    "password": ({**_URL, "url": "https://me:secret@repo/udfs.jar"}, "url: "),
    "bad name": ({**_IMAGE, "name": "Our_UDFs"}, "name: "),
    "long name": ({**_IMAGE, "name": "a" * 41}, "name: "),
}


@pytest.mark.parametrize(("plugin", "message"), _BAD_PLUGINS.values(), ids=_BAD_PLUGINS.keys())
def test_a_bad_plugin_is_refused(plugin: dict[str, Any], message: str) -> None:
    errors = _errors(plugins=[_IMAGE | {"name": "good"}, plugin])
    assert errors.startswith("spec.plugins[1]")
    assert message in errors


@pytest.mark.parametrize("suffix", [".tar.gz", ".tgz", ".zip", ".jar", ".jar?version=1/2"])
def test_addresses_of_all_kinds_of_file_are_taken(suffix: str) -> None:
    url = f"http://repo.example:8081/libs/udfs-1.0{suffix}"
    (plugin,) = parse_cluster(manifest(plugins=[{**_URL, "url": url}])).spec.plugins
    assert plugin.url == url


def test_two_plugins_of_one_name_are_refused() -> None:
    assert _errors(plugins=[_IMAGE, _URL]) == (
        'spec.plugins[1].name: must be unique, but item 0 of the list has "udfs" too'
    )


@pytest.mark.parametrize("role", ["coordinator", "workers"])
def test_plugin_dir_goes_without_plugins_only(role: str) -> None:
    config: dict[str, Any] = {role: {"config": {"plugin.dir": "/our/plugins"}}}
    parse_cluster(manifest(**config))
    errors = _errors(plugins=[_IMAGE], **config)
    assert errors.startswith(f"spec.{role}.config.plugin.dir: is set by the operator if spec.plugins is set")


@pytest.mark.parametrize(
    ("name", "namespaced"),
    [
        ("kernel.shmmax", True),
        ("kernel.shm_rmid_forced", True),
        ("kernel.msgmax", True),
        ("kernel.sem", True),
        ("fs.mqueue.msg_max", True),
        ("net.core.somaxconn", True),
        ("kernel.pid_max", False),
        ("kernel.sem_next_id", False),
        ("vm.max_map_count", False),
        ("fs.file-max", False),
    ],
)
def test_only_what_a_pod_has_for_itself_needs_no_opt_in(name: str, *, namespaced: bool) -> None:
    assert is_namespaced(name) is namespaced
    parse_cluster(manifest(sysctls={name: "1"}, allowNodeSysctls=True, podSecurity={"profile": "Privileged"}))
    if namespaced:
        assert parse_cluster(manifest(sysctls={name: "1"})).spec.sysctls == {name: "1"}
    else:
        errors = _errors(sysctls={name: "1"})
        assert errors.startswith(f"spec.sysctls.{name}: belongs to the whole node")
        assert "set allowNodeSysctls: true" in errors


_BAD_SYSCTLS = {
    "vm/max_map_count": "1",
    "vm": "1",
    "vm.x": "",
    "vm.y": "1\n2",
    "vm.z": " 1",
    "vm.a;b": "1",
    "vm..a": "1",
}


@pytest.mark.parametrize(("name", "value"), _BAD_SYSCTLS.items())
def test_a_bad_sysctl_is_refused(name: str, value: str) -> None:
    assert _errors(sysctls={name: value}, allowNodeSysctls=True).startswith(f"spec.sysctls.{name}: ")


@pytest.mark.parametrize("name", ["", ".hidden", "a/b.properties", "a b", "x" * 254])
def test_a_file_with_a_bad_name_is_refused(name: str) -> None:
    shown = f".{name}" if name else '[""]'
    assert _errors(workers={"configFiles": {name: ""}}).startswith(
        f"spec.workers.configFiles{shown}: the name must be a file name"
    )


def test_a_file_of_another_field_is_refused_by_the_name_of_that_field() -> None:
    errors = _errors(workers={"configFiles": {"event-listener.properties": "", "log.properties": "x=DEBUG"}})
    assert errors == "spec.workers.configFiles.log.properties: is generated from logLevels: set that instead"


def test_sysctls_of_the_nodes_network_are_refused() -> None:
    errors = _errors(sysctls={"net.netfilter.nf_conntrack_max": "1"}, allowNodeSysctls=True)
    assert errors.startswith("spec.sysctls.net.netfilter.nf_conntrack_max: ")
    assert "set it when the node is created" in errors


def test_network_sysctls_and_the_nodes_network_go_not_together() -> None:
    overrides = {"podOverrides": {"spec": {"hostNetwork": True}}}
    parse_cluster(manifest(workers=overrides, sysctls={"kernel.shmmax": "1"}))
    errors = _errors(workers=overrides, sysctls={"net.core.somaxconn": "1"})
    assert errors.startswith("spec.workers.podOverrides.spec.hostNetwork: ")
    assert "spec.sysctls.net.core.somaxconn" in errors


@pytest.mark.parametrize(
    "ulimits",
    [{"nofile": 4095}, {"nofile": "unlimited"}, {"nproc": -1}, {"core": "none"}, {"stack": True}, {"cpu": 1}],
    ids=str,
)
def test_a_bad_limit_is_refused(ulimits: dict[str, Any]) -> None:
    (name,) = ulimits
    assert _errors(workers={"ulimits": ulimits}).startswith(f"spec.workers.ulimits.{name}")


_BAD_VARIABLES: dict[str, tuple[dict[str, Any], str]] = {
    "owned": ({"name": "POD_NAME", "value": "x"}, "set by the operator: remove it"),
    "no value": ({"name": "TZ"}, "set exactly one of value and valueFrom"),
    "two values": (
        {"name": "TZ", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "x"}}},
        "set exactly one of value and valueFrom",
    ),
    "no source": ({"name": "TZ", "valueFrom": {}}, "exactly one of"),
    "a number": ({"name": "TZ", "value": 1}, "must be a string"),
    "bad name": ({"name": "A=B", "value": "x"}, "name: "),
    "unknown source": ({"name": "TZ", "valueFrom": {"vaultRef": {}}}, "unknown field"),
}


@pytest.mark.parametrize(("variable", "message"), _BAD_VARIABLES.values(), ids=_BAD_VARIABLES.keys())
def test_a_bad_variable_is_refused(variable: dict[str, Any], message: str) -> None:
    errors = _errors(coordinator={"env": [variable]})
    assert errors.startswith("spec.coordinator.env[0]")
    assert message in errors


@pytest.mark.parametrize(
    "path",
    ["/", "//", "/etc", "/etc/", "/var", "/var/lib", *MOUNT_PATHS.directories, "/etc/presto/x", "/var//lib/presto"],
)
def test_a_volume_over_the_operators_own_is_refused(path: str) -> None:
    errors = _errors(workers={"volumes": [{**_SCRATCH, "mountPath": path}]})
    assert errors.startswith("spec.workers.volumes[0].mountPath: must not be, contain or be inside /etc/presto")


@pytest.mark.parametrize("path", ["/spill", "/etc/pki/ours", "/var/lib/presto-udfs", "/var/lib/prestodb", "/etcetera"])
def test_a_volume_beside_the_operators_own_is_taken(path: str) -> None:
    (volume,) = parse_cluster(manifest(workers={"volumes": [{**_SCRATCH, "mountPath": path}]})).spec.workers.volumes
    assert volume.mount_path == path


@pytest.mark.parametrize("name", ["config", "data", "plugins", "presto-tls"])
def test_a_volume_with_the_operators_name_is_refused(name: str) -> None:
    errors = _errors(workers={"volumes": [{**_SCRATCH, "name": name}]})
    assert errors.startswith("spec.workers.volumes[0].name: ")
    assert "choose another name" in errors


@pytest.mark.parametrize("source", [{}, {"emptyDir": {}, "hostPath": {"path": "/x"}}, "emptyDir"], ids=str)
def test_a_volume_has_one_source(source: Any) -> None:
    assert _errors(workers={"volumes": [{**_SCRATCH, "source": source}]}).startswith("spec.workers.volumes[0].source: ")


def test_two_volumes_are_not_in_one_place() -> None:
    errors = _errors(workers={"volumes": [_SCRATCH, {**_SCRATCH, "name": "other"}]})
    assert errors == 'spec.workers.volumes[1].mountPath: must be unique, but item 0 of the list has "/spill" too'


@pytest.mark.parametrize("name", ["presto", "node-sysctls", "plugin-udfs", "presto-x"])
def test_an_init_container_with_the_operators_name_is_refused(name: str) -> None:
    errors = _errors(workers={"initContainers": [{"name": name, "image": "x"}]})
    assert errors.startswith("spec.workers.initContainers[0].name: ")
    assert "choose another name" in errors


@pytest.mark.parametrize("missing", ["name", "image"])
def test_an_init_container_has_a_name_and_an_image(missing: str) -> None:
    container = {"name": "format", "image": "x"}
    del container[missing]
    assert _errors(workers={"initContainers": [container]}) == f"spec.workers.initContainers[0].{missing}: required"


@pytest.mark.parametrize(
    ("field", "item"),
    [
        ("env", {"name": "a", "value": ""}),
        ("volumes", {**_SCRATCH, "name": "a"}),
        ("initContainers", {"name": "a", "image": "x"}),
    ],
)
def test_names_are_unique(field: str, item: dict[str, Any]) -> None:
    assert _errors(workers={field: [item, item]}).startswith(f"spec.workers.{field}[1].name: must be unique")

from __future__ import annotations

import copy
from typing import Any

import pytest

from presto_operator.api import PrestoCluster
from presto_operator.objects import KubernetesObject
from tests.unit.generations import generation_name, generation_objects
from tests.unit.manifest import cluster

_FROM_IMAGE = {"name": "our-udfs", "image": "registry/udfs:3", "path": "/plugin"}
_FROM_URL = {"name": "geo", "url": "https://repo/geo.zip", "sha256": "0" * 64}
_NODE_SYSCTLS: dict[str, Any] = {"allowNodeSysctls": True, "podSecurity": {"profile": "Privileged"}}
_ROLES = ("coordinator", "worker")


def _deployment(of: PrestoCluster, role: str) -> KubernetesObject:
    (deployment,) = [
        obj
        for obj in generation_objects(of, {"workers": 1})
        if obj["kind"] == "Deployment" and obj["metadata"]["labels"]["prestooperator.io/role"] == role
    ]
    return deployment


def _template(of: PrestoCluster, role: str = "worker") -> dict[str, Any]:
    template = _deployment(of, role)["spec"]["template"]
    assert isinstance(template, dict)
    return template


def _server(of: PrestoCluster, role: str = "worker") -> dict[str, Any]:
    server = _template(of, role)["spec"]["containers"][0]
    assert isinstance(server, dict)
    return server


def _init_container(of: PrestoCluster, name: str, role: str = "worker") -> dict[str, Any]:
    containers = {container["name"]: container for container in _template(of, role)["spec"]["initContainers"]}
    found = containers[name]
    assert isinstance(found, dict)
    return found


def test_a_plain_pod_has_nothing_that_was_not_asked_for() -> None:
    for role in _ROLES:
        spec = _template(cluster(), role)["spec"]
        assert "initContainers" not in spec
        assert [volume["name"] for volume in spec["volumes"]] == ["config", "data", "presto-tmp"]
        assert _server(cluster(), role)["command"][2:] == ["start", "8080"]


@pytest.mark.parametrize("role", _ROLES)
def test_a_plugin_is_copied_out_of_its_image(role: str) -> None:
    of = cluster(plugins=[_FROM_IMAGE])
    container = _init_container(of, "plugin-our-udfs", role)
    assert container["image"] == "registry/udfs:3"
    assert container["command"] == ["cp", "-R", "-L", "/plugin/.", "/var/lib/presto-plugins/our-udfs"]
    assert container["volumeMounts"] == [{"name": "plugins", "mountPath": "/var/lib/presto-plugins"}]
    assert {"name": "plugins", "emptyDir": {"sizeLimit": "5Gi"}} in _template(of, role)["spec"]["volumes"]
    server = _server(of, role)
    assert server["command"][-1] == "plugins=/var/lib/presto-plugins"
    assert {"name": "plugins", "mountPath": "/var/lib/presto-plugins", "readOnly": True} in server["volumeMounts"]


def test_a_plugin_is_fetched_by_the_presto_image_as_the_servers_reach_the_world() -> None:
    proxy = {"name": "HTTPS_PROXY", "value": "http://proxy:3128"}
    of = cluster(plugins=[_FROM_URL], workers={"env": [proxy]})
    container = _init_container(of, "plugin-geo")
    assert container["image"] == "prestodb/presto:0.287"
    assert container["args"] == ["geo", "https://repo/geo.zip", "0" * 64, "/var/lib/presto-plugins/geo"]
    assert container["env"] == [proxy]
    assert _init_container(of, "plugin-geo", "coordinator")["env"] == []


def test_init_containers_of_the_operator_leave_their_last_words_and_need_no_more_than_the_server() -> None:
    of = cluster(plugins=[_FROM_IMAGE, _FROM_URL], sysctls={"vm.swappiness": "1"}, **_NODE_SYSCTLS)
    server = _server(of)
    containers = _template(of)["spec"]["initContainers"]
    assert [container["name"] for container in containers] == ["node-sysctls", "plugin-our-udfs", "plugin-geo"]
    for container in containers:
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
        assert container["resources"] == server["resources"]
    for container in containers[1:]:
        assert container["securityContext"] == server["securityContext"]


def test_sysctls_of_the_pod_are_in_its_security_context_and_those_of_the_node_in_a_privileged_container() -> None:
    of = cluster(
        sysctls={"vm.max_map_count": "262144", "net.core.somaxconn": "1024", "kernel.sem": "1 2 3 4"},
        **_NODE_SYSCTLS,
    )
    for role in _ROLES:
        assert _template(of, role)["spec"]["securityContext"] == {
            "sysctls": [
                {"name": "kernel.sem", "value": "1 2 3 4"},
                {"name": "net.core.somaxconn", "value": "1024"},
            ]
        }
        container = _init_container(of, "node-sysctls", role)
        assert container["args"] == ["/proc/sys", "vm.max_map_count=262144"]
        assert container["securityContext"]["privileged"] is True
        assert "volumeMounts" not in container
        assert "privileged" not in _server(of, role)["securityContext"]


@pytest.mark.parametrize("role", _ROLES)
def test_kubernetes_gives_a_users_words_to_the_scripts_unchanged(role: str) -> None:
    # In a command, Kubernetes replaces $(NAME), and $$ by $. In the query of a URL, it is meant to: docs/plugins.md.
    of = cluster(
        plugins=[
            {**_FROM_IMAGE, "path": "/plugins/$(POD_NAME)"},
            {**_FROM_URL, "url": "https://repo/$$/geo.zip?as=$(HOME)"},
        ],
        sysctls={"kernel.core_pattern": "/cores/$$.%p"},
        allowNodeSysctls=True,
        podSecurity={"profile": "Privileged"},
    )
    assert _init_container(of, "plugin-our-udfs", role)["command"][3] == "/plugins/$$(POD_NAME)/."
    assert _init_container(of, "plugin-geo", role)["args"][1] == "https://repo/$$$$/geo.zip?as=$(HOME)"
    assert _init_container(of, "node-sysctls", role)["args"][1] == "kernel.core_pattern=/cores/$$$$.%p"


def test_nothing_is_privileged_for_sysctls_of_the_pod() -> None:
    of = cluster(sysctls={"net.core.somaxconn": "1024"}, allowNodeSysctls=True)
    assert "initContainers" not in _template(of)["spec"]


def test_limits_are_settings_of_the_start() -> None:
    of = cluster(workers={"ulimits": {"memlock": "unlimited", "nofile": 65536, "core": 0}})
    assert _server(of)["command"][2:] == ["start", "8080", "nofile=65536", "core=0", "memlock=unlimited"]
    assert _server(of, "coordinator")["command"][2:] == ["start", "8080"]


def test_variables_follow_those_of_the_operator() -> None:
    secret = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s3", "key": "token", "optional": True}}}
    of = cluster(coordinator={"env": [secret, {"name": "EMPTY", "value": ""}]})
    env = _server(of, "coordinator")["env"]
    assert env[0]["name"] == "POD_NAME"
    assert env[1:] == [secret, {"name": "EMPTY", "value": ""}]
    assert [variable["name"] for variable in _server(of)["env"]] == ["POD_NAME"]


def test_a_volume_is_there_and_mounted() -> None:
    disk = {"hostPath": {"path": "/mnt/nvme0", "type": "Directory"}}
    of = cluster(
        workers={
            "volumes": [{"name": "spill", "mountPath": "/spill", "subPath": "x", "readOnly": False, "source": disk}]
        }
    )
    assert _template(of)["spec"]["volumes"][-1] == {"name": "spill", **disk}
    mount = {"name": "spill", "mountPath": "/spill", "subPath": "x", "readOnly": False}
    assert _server(of)["volumeMounts"][-1] == mount


def test_init_containers_are_passed_on_as_they_are_and_run_last() -> None:
    container = {
        "name": "format",
        "image": "registry/tools:1",
        "command": ["mkdir", "/spill/presto"],
        "volumeMounts": [{"name": "spill", "mountPath": "/spill"}],
        "restartPolicy": "Always",
    }
    of = cluster(plugins=[_FROM_IMAGE], workers={"initContainers": [container]}, podSecurity={"profile": "Baseline"})
    assert _template(of)["spec"]["initContainers"][1:] == [container]


def test_overrides_reach_the_template_and_nothing_else() -> None:
    overrides = {
        "metadata": {"labels": {"team": "data"}, "annotations": {"a": "b"}},
        "spec": {"priorityClassName": "high"},
    }
    of = cluster(coordinator={"podOverrides": overrides}, workers={"podOverrides": overrides})
    for role in _ROLES:
        deployment = _deployment(of, role)
        template = deployment["spec"]["template"]
        assert template["metadata"]["labels"]["team"] == "data"
        assert template["metadata"]["annotations"] == {"a": "b"}
        assert template["spec"]["priorityClassName"] == "high"
        assert "team" not in deployment["metadata"]["labels"]
        selector = deployment["spec"]["selector"]["matchLabels"]
        assert selector.items() <= template["metadata"]["labels"].items()
        assert "team" not in selector


@pytest.mark.parametrize("overrides", [{}, {"spec": {}}, {"metadata": {}}, {"metadata": {"labels": {}}}], ids=str)
def test_empty_overrides_change_nothing(overrides: dict[str, Any]) -> None:
    of = cluster(coordinator={"podOverrides": overrides}, workers={"podOverrides": overrides})
    assert generation_objects(of, {"workers": 1}) == generation_objects(cluster(), {"workers": 1})


_COORDINATOR_CHANGES: dict[str, dict[str, Any]] = {
    "plugin": {"plugins": [_FROM_IMAGE]},
    "sysctl": {"sysctls": {"net.core.somaxconn": "1024"}},
    "limit": {"coordinator": {"ulimits": {"core": 0}}},
    "variable": {"coordinator": {"env": [{"name": "TZ", "value": "UTC"}]}},
    "volume": {"coordinator": {"volumes": [{"name": "a", "mountPath": "/a", "source": {"emptyDir": {}}}]}},
    "init container": {"coordinator": {"initContainers": [{"name": "a", "image": "x"}]}},
    "spec": {"coordinator": {"podOverrides": {"spec": {"priorityClassName": "high"}}}},
    "label": {"coordinator": {"podOverrides": {"metadata": {"labels": {"a": "b"}}}}},
    "annotation": {"coordinator": {"podOverrides": {"metadata": {"annotations": {"a": "b"}}}}},
}


@pytest.mark.parametrize("change", _COORDINATOR_CHANGES.values(), ids=_COORDINATOR_CHANGES.keys())
def test_a_change_of_the_coordinators_pod_is_a_new_generation(change: dict[str, Any]) -> None:
    assert generation_name(cluster(**change)) != generation_name(cluster())


@pytest.mark.parametrize("change", [of["coordinator"] for of in _COORDINATOR_CHANGES.values() if "coordinator" in of])
def test_a_change_of_the_workers_pods_rolls_them_alone(change: dict[str, Any]) -> None:
    changed = cluster(workers=change)
    assert generation_name(changed) == generation_name(cluster())
    assert _template(changed) != _template(cluster())
    assert _deployment(changed, "coordinator") == _deployment(cluster(), "coordinator")


def test_a_spec_is_not_changed_by_what_is_made_of_it() -> None:
    of = cluster(workers={"podOverrides": {"spec": {"containers": [{"name": "presto", "env": []}]}}})
    before = copy.deepcopy(of)
    generation_objects(of, {"workers": 1})
    assert of == before


def test_a_restart_that_a_probe_asks_for_does_not_wait_as_long_as_a_drain() -> None:
    of = cluster(workers={"drain": {"timeout": "30m", "gracePeriod": "10s"}})
    assert _template(of, "worker")["spec"]["terminationGracePeriodSeconds"] == 1850
    for probe in ("startupProbe", "livenessProbe"):
        assert _server(of, "worker")[probe]["terminationGracePeriodSeconds"] == 60
        assert "terminationGracePeriodSeconds" not in _server(of, "coordinator")[probe]

"""What an administrator's policy refuses, field by field, and that each switch allows just its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from presto_operator.api import STRICT, InvalidClusterError, TenantPolicy, parse_cluster
from presto_operator.cli import main
from tests.unit.manifest import manifest

_DOCS = Path(__file__).parents[3] / "docs"
_VALUES = Path(__file__).parents[3] / "charts" / "presto-operator" / "values.yaml"


def _pod(**spec: Any) -> dict[str, Any]:
    return {"workers": {"podOverrides": {"spec": spec}}}


def _server(**container: Any) -> dict[str, Any]:
    return _pod(containers=[{"name": "presto", **container}])


def _init(**container: Any) -> dict[str, Any]:
    return {"coordinator": {"initContainers": [{"name": "a", "image": "x", **container}]}}


def _volume(**source: Any) -> dict[str, Any]:
    return {"workers": {"volumes": [{"name": "v", "mountPath": "/v", "source": source}]}}


_OVERRIDES = "spec.workers.podOverrides.spec"
_CONTAINER = f"{_OVERRIDES}.containers[presto]"
_NODE_SYSCTLS = {"sysctls": {"vm.swappiness": "1"}, "allowNodeSysctls": True, "podSecurity": {"profile": "Privileged"}}
_TOKEN = {"sources": [{"secret": {"name": "s"}}, {"serviceAccountToken": {"path": "token"}}]}
_UNCONFINED = {"container.apparmor.security.beta.kubernetes.io/presto": "unconfined"}

DANGERS: list[tuple[str, dict[str, Any], str]] = [
    ("allow_node_sysctls", _NODE_SYSCTLS, "spec.allowNodeSysctls"),
    ("allow_privileged", _server(securityContext={"privileged": True}), f"{_CONTAINER}.securityContext.privileged"),
    (
        "allow_privileged",
        _init(securityContext={"privileged": True}),
        "spec.coordinator.initContainers[0].securityContext.privileged",
    ),
    (
        "allow_privileged",
        _pod(initContainers=[{"name": "b", "image": "x", "securityContext": {"privileged": True}}]),
        f"{_OVERRIDES}.initContainers[b].securityContext.privileged",
    ),
    (
        "allow_privileged",
        _pod(ephemeralContainers=[{"name": "b", "image": "x", "securityContext": {"privileged": True}}]),
        f"{_OVERRIDES}.ephemeralContainers[b].securityContext.privileged",
    ),
    (
        "allow_privileged",
        _server(securityContext={"capabilities": {"add": ["CHOWN", "SYS_ADMIN"]}}),
        f"{_CONTAINER}.securityContext.capabilities.add",
    ),
    (
        "allow_privileged",
        _server(securityContext={"capabilities": {"add": "SYS_ADMIN"}}),
        f"{_CONTAINER}.securityContext.capabilities.add",
    ),
    (
        "allow_privileged",
        _server(securityContext={"procMount": "Unmasked"}),
        f"{_CONTAINER}.securityContext.procMount",
    ),
    (
        "allow_privileged",
        _pod(securityContext={"seccompProfile": {"type": "Unconfined"}}),
        f"{_OVERRIDES}.securityContext.seccompProfile.type",
    ),
    (
        "allow_privileged",
        _pod(securityContext={"appArmorProfile": {"type": "Unconfined"}}),
        f"{_OVERRIDES}.securityContext.appArmorProfile.type",
    ),
    (
        "allow_privileged",
        _pod(securityContext={"seLinuxOptions": {"type": "spc_t"}}),
        f"{_OVERRIDES}.securityContext.seLinuxOptions.type",
    ),
    (
        "allow_privileged",
        _pod(securityContext={"windowsOptions": {"hostProcess": True}}),
        f"{_OVERRIDES}.securityContext.windowsOptions.hostProcess",
    ),
    (
        "allow_privileged",
        {"workers": {"podOverrides": {"metadata": {"annotations": _UNCONFINED}}}},
        f"spec.workers.podOverrides.metadata.annotations.{next(iter(_UNCONFINED))}",
    ),
    ("allow_host_paths", _volume(hostPath={"path": "/"}), "spec.workers.volumes[0].source.hostPath"),
    ("allow_host_paths", _volume(flexVolume={"driver": "x/y"}), "spec.workers.volumes[0].source.flexVolume"),
    (
        "allow_host_paths",
        _pod(volumes=[{"name": "root", "hostPath": {"path": "/"}}]),
        f"{_OVERRIDES}.volumes[root].hostPath",
    ),
    ("allow_host_namespaces", _pod(hostNetwork=True), f"{_OVERRIDES}.hostNetwork"),
    ("allow_host_namespaces", _pod(hostIPC=True), f"{_OVERRIDES}.hostIPC"),
    (
        "allow_host_namespaces",
        _server(ports=[{"containerPort": 9000, "hostPort": 9000}]),
        f"{_CONTAINER}.ports[0].hostPort",
    ),
    (
        "allow_service_account_tokens",
        _pod(automountServiceAccountToken=True),
        f"{_OVERRIDES}.automountServiceAccountToken",
    ),
    (
        "allow_service_account_tokens",
        _volume(projected=_TOKEN),
        "spec.workers.volumes[0].source.projected.sources[1].serviceAccountToken",
    ),
    (
        "allow_service_account_tokens",
        _pod(volumes=[{"name": "t", "projected": _TOKEN}]),
        f"{_OVERRIDES}.volumes[t].projected.sources[1].serviceAccountToken",
    ),
]


@pytest.mark.parametrize(("switch", "spec", "path"), DANGERS, ids=[f"{each[0]}-{each[2]}" for each in DANGERS])
def test_what_is_dangerous_is_off_until_its_switch_is_on(switch: str, spec: dict[str, Any], path: str) -> None:
    every_other = {name: True for name in TenantPolicy.model_fields if name.startswith("allow_") and name != switch}
    for policy in (STRICT, TenantPolicy.model_validate(every_other)):
        with pytest.raises(InvalidClusterError) as caught:
            parse_cluster(manifest(**spec), policy=policy)
        (error,) = caught.value.errors
        assert error.path == path
        assert f"--{switch.replace('_', '-')}" in error.message
    parse_cluster(manifest(**spec), policy=TenantPolicy.model_validate({switch: True}))


_HARMLESS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "off": _pod(hostNetwork=False, automountServiceAccountToken=False, hostIPC=None),
    "capabilities of baseline": _server(securityContext={"capabilities": {"add": ["NET_BIND_SERVICE"]}}),
    "drop": _server(securityContext={"capabilities": {"drop": ["ALL"]}, "privileged": False}),
    "default profiles": _pod(securityContext={"seccompProfile": {"type": "RuntimeDefault"}, "fsGroup": 5}),
    "claim": _volume(persistentVolumeClaim={"claimName": "c"}),
    "emptyDir": _volume(emptyDir={}),
    "sysctls of the pod": {"sysctls": {"net.core.somaxconn": "1024"}, "allowNodeSysctls": True},
    "identity in the cloud": {
        "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/a"}}
    },
    "ports": _server(ports=[{"containerPort": 9000}]),
}


@pytest.mark.parametrize("spec", _HARMLESS.values(), ids=_HARMLESS.keys())
def test_what_is_harmless_is_allowed_by_the_strictest_policy(spec: dict[str, Any]) -> None:
    parse_cluster(manifest(**spec), policy=STRICT)


@pytest.mark.parametrize(
    ("allowed", "name", "is_allowed"),
    [
        ((), "deployer", False),
        (("presto-*",), "presto-a", True),
        (("presto-*",), "deployer", False),
        (("*",), "x", True),
    ],
)
def test_an_existing_service_account_needs_to_be_on_the_list(
    allowed: tuple[str, ...], name: str, *, is_allowed: bool
) -> None:
    errors = _errors({"serviceAccount": {"name": name}}, TenantPolicy(allowed_service_accounts=allowed))
    assert (errors == []) == is_allowed
    for error in errors:
        assert error.startswith("spec.serviceAccount.name: ")
        assert "--allowed-service-accounts" in error


def test_identities_in_the_cloud_can_be_switched_off() -> None:
    spec = {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/a"}}}
    (error,) = _errors(spec, TenantPolicy(allow_service_account_annotations=False))
    assert error.startswith("spec.serviceAccount.annotations: ")


@pytest.mark.parametrize(
    ("registry", "image", "is_allowed"),
    [
        ("registry.acme.com", "registry.acme.com/presto", True),
        ("registry.acme.com/data", "registry.acme.com/data/presto", True),
        ("registry.acme.com/data/", "registry.acme.com/data/presto", True),
        ("registry.acme.com/data", "registry.acme.com/database/presto", False),
        ("registry.acme.com", "registry.acme.com.evil.org/presto", False),
        ("registry.acme.com", "registry.acme.com:5000/presto", False),
        ("registry.acme.com", "registry.acme.com", False),
        ("registry.acme.com", "evil.org/registry.acme.com/presto", False),
        ("registry:5000", "registry:5000/presto", True),
        ("localhost", "localhost/presto", True),
        ("docker.io", "prestodb/presto", True),
        ("docker.io", "index.docker.io/prestodb/presto", True),
        ("docker.io/library", "busybox", True),
        ("prestodb", "prestodb/presto", True),
        ("prestodb", "docker.io/prestodb/presto", True),
        ("prestodb", "evil.org/prestodb/presto", False),
        ("prestodb/presto", "prestodb/presto-evil", False),
    ],
)
def test_images_are_of_an_allowed_registry(registry: str, image: str, *, is_allowed: bool) -> None:
    policy = TenantPolicy(allowed_image_registries=(registry,))
    for tagged in (f"{image}:1.2", f"{image}@sha256:{'0' * 64}", f"{image}:1@sha256:{'0' * 64}"):
        plugin = {"plugins": [{"name": "p", "image": tagged, "path": "/p"}], "image": {"repository": image}}
        assert (_errors(plugin, policy) == []) == is_allowed


def test_no_image_escapes_the_list_of_registries() -> None:
    policy = TenantPolicy(allowed_image_registries=("registry.acme.com",))
    spec = {
        "image": {"repository": "evil.org/presto"},
        "plugins": [{"name": "p", "image": "evil.org/p", "path": "/p"}],
        "coordinator": {"initContainers": [{"name": "a", "image": "evil.org/a"}]},
        "workers": {
            "volumes": [{"name": "v", "mountPath": "/v", "source": {"image": {"reference": "evil.org/v"}}}],
            "podOverrides": {
                "spec": {
                    "containers": [{"name": "b", "image": "evil.org/b"}],
                    "initContainers": [{"name": "c", "image": "evil.org/c"}],
                    "volumes": [{"name": "w", "image": {"reference": "evil.org/w"}}],
                }
            },
        },
    }
    assert [error.partition(":")[0] for error in _errors(spec, policy)] == [
        "spec.image.repository",
        "spec.plugins[0].image",
        "spec.coordinator.initContainers[0].image",
        "spec.workers.volumes[0].source.image.reference",
        f"{_OVERRIDES}.volumes[w].image.reference",
        f"{_OVERRIDES}.containers[b].image",
        f"{_OVERRIDES}.initContainers[c].image",
    ]


@pytest.mark.parametrize("spec", [{"image": {"repository": "evil.org/presto"}}, _init(image="evil.org/a")], ids=str)
def test_an_empty_list_of_registries_allows_all(spec: dict[str, Any]) -> None:
    assert _errors(spec, STRICT) == []


def test_all_that_is_not_allowed_is_said_at_once() -> None:
    spec = {**_pod(hostNetwork=True, hostIPC=True), "serviceAccount": {"name": "deployer"}}
    assert len(_errors(spec, STRICT)) == 3


@pytest.mark.parametrize("field", ["initContainers", "containers", "volumes", "securityContext", "ephemeralContainers"])
@pytest.mark.parametrize(
    "value", ["text", 7, [], [7], [[]], {}, None, [{"securityContext": "x", "ports": "y"}]], ids=str
)
def test_no_shape_of_a_patch_is_an_internal_error(field: str, value: object) -> None:
    # What is malformed is refused, by another rule or by the API server.
    _errors(_pod(**{field: value}), STRICT)


def test_render_refuses_what_an_operator_with_the_same_options_refuses(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(str(manifest(**_volume(hostPath={"path": "/mnt"}))).replace("'", '"'))
    refused = CliRunner().invoke(main, ["render", "-f", str(file)])
    assert refused.exit_code == 1
    assert "--allow-host-paths" in refused.output
    assert CliRunner().invoke(main, ["render", "-f", str(file), "--allow-host-paths=true"]).exit_code == 0


def test_the_page_and_the_chart_have_every_switch() -> None:
    options = {f"--{name.replace('_', '-')}" for name in TenantPolicy.model_fields if name.startswith("allow")}
    page = (_DOCS / "security.md").read_text()
    assert set(re.findall(r"^\| `(--allow[a-z-]+)` \|", page, re.MULTILINE)) == options
    template = (_VALUES.parent / "templates" / "deployment.yaml").read_text()
    assert set(re.findall(r"--allow[a-z-]+", template)) == options


def _errors(spec: dict[str, Any], policy: TenantPolicy) -> list[str]:
    try:
        parse_cluster(manifest(**spec), policy=policy)
    except InvalidClusterError as invalid:
        return [str(error) for error in invalid.errors]
    return []

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.api import InvalidClusterError, parse_cluster
from presto_operator.objects import KubernetesObject
from tests.unit.generations import generation_objects
from tests.unit.manifest import cluster, manifest


def _presto(**fields: Any) -> dict[str, Any]:
    return {"containers": [{"name": "presto", **fields}]}


_REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "command": (_presto(command=["sleep"]), "containers[presto].command", "set jvm, config, env or ulimits"),
    "args": (_presto(args=["x"]), "containers[presto].args", "init container"),
    "image": (_presto(image="x"), "containers[presto].image", "set spec.image"),
    "pull policy": (_presto(imagePullPolicy="Always"), "containers[presto].imagePullPolicy", "spec.image.pullPolicy"),
    "hook": (_presto(lifecycle=None), "containers[presto].lifecycle", "set workers.drain"),
    "resources": (_presto(resources={}), "containers[presto].resources", "set resources of the role"),
    "last words": (
        _presto(terminationMessagePolicy="File"),
        "containers[presto].terminationMessagePolicy",
        "last words",
    ),
    "probe": (
        _presto(readinessProbe={"tcpSocket": {"port": 1}}),
        "containers[presto].readinessProbe.tcpSocket",
        "timings",
    ),
    "removed probe": (_presto(livenessProbe=None), "containers[presto].livenessProbe", "timings"),
    "deleted probe": (_presto(startupProbe={"$patch": "delete"}), "containers[presto].startupProbe", "timings"),
    "pod name": (_presto(env=[{"name": "POD_NAME", "value": "x"}]), "containers[presto].env[POD_NAME]", "remove it"),
    "all variables": (_presto(env=[{"$patch": "replace"}]), "containers[presto].env", "give each item a name"),
    "no variables": (_presto(env=None), "containers[presto].env", "can't be removed"),
    "port": (_presto(ports=[{"containerPort": 8080, "name": "x"}]), "containers[presto].ports[8080]", "another number"),
    "port's name": (
        _presto(ports=[{"containerPort": 1, "name": "http"}]),
        "containers[presto].ports[1]",
        "another number",
    ),
    "mount": (
        _presto(volumeMounts=[{"name": "x", "mountPath": "/etc/presto/catalog"}]),
        "containers[presto].volumeMounts[/etc/presto/catalog]",
        "choose another directory",
    ),
    "mount over everything": (
        _presto(volumeMounts=[{"name": "x", "mountPath": "/"}]),
        "containers[presto].volumeMounts[/]",
        "choose another directory",
    ),
    "container deleted": (_presto(**{"$patch": "delete"}), "containers[presto].$patch", "patch single fields"),
    "container replaced": (_presto(**{"$patch": "replace"}), "containers[presto].$patch", "patch single fields"),
    "containers replaced": ({"containers": [{"$patch": "replace"}]}, "containers", "give each item a name"),
    "containers removed": ({"containers": None}, "containers", "can't be removed"),
    "containers deleted": ({"containers": {"$patch": "delete"}}, "containers", "must be a list"),
    "spec replaced": ({"$patch": "replace"}, "$patch", "patch single fields"),
    "our volume": ({"volumes": [{"name": "config", "$patch": "delete"}]}, "volumes[config]", "choose another name"),
    "a volume to be": ({"volumes": [{"name": "presto-tls", "emptyDir": {}}]}, "volumes[presto-tls]", "another name"),
    "our init container": ({"initContainers": [{"name": "plugin-a"}]}, "initContainers[plugin-a]", "another name"),
    "sidecar with our name": ({"containers": [{"name": "plugin-a"}]}, "containers[plugin-a]", "another name"),
    "restart policy": ({"restartPolicy": "Never"}, "restartPolicy", "always have Always"),
    "grace period": (
        {"terminationGracePeriodSeconds": 1},
        "terminationGracePeriodSeconds",
        "set workers.drain.timeout",
    ),
    "service account": ({"serviceAccountName": "x"}, "serviceAccountName", "set spec.serviceAccount.name"),
    "shared processes": ({"shareProcessNamespace": True}, "shareProcessNamespace", "process 1"),
    "the node's processes": ({"hostPID": True}, "hostPID", "process 1"),
    "sysctls": ({"securityContext": {"sysctls": []}}, "securityContext.sysctls", "set spec.sysctls"),
    "security context": ({"securityContext": {"$patch": "replace"}}, "securityContext", "patch single fields"),
    "no name": ({"containers": [{"image": "x"}]}, "containers[0].name", "required"),
    "no object": ({"volumes": ["spill"]}, "volumes[0]", "must be an object"),
    "unknown directive": ({"$retainKeys": ["x"]}, "$retainKeys", "only $patch is supported"),
    "unknown patch": ({"affinity": {"$patch": "merge"}}, "affinity.$patch", 'must be delete or replace (got "merge")'),
}


@pytest.mark.parametrize("role", ["coordinator", "workers"])
@pytest.mark.parametrize(("patch", "path", "message"), _REFUSED.values(), ids=_REFUSED.keys())
def test_what_the_operator_owns_is_refused_with_the_field_to_use(
    role: str, patch: dict[str, Any], path: str, message: str
) -> None:
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(manifest(**_role_with(role, patch)))
    (error,) = caught.value.errors
    assert error.path == f"spec.{role}.podOverrides.spec.{path}"
    assert message in error.message


@pytest.mark.parametrize("name", ["prestooperator.io/pool", "app.kubernetes.io/managed-by"])
@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_the_operators_labels_are_refused(field: str, name: str) -> None:
    overrides = {"metadata": {field: {"team": "a", name: "x"}}}
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(manifest(workers={"podOverrides": overrides}))
    (error,) = caught.value.errors
    assert str(error) == f"spec.workers.podOverrides.metadata.{field}.{name}: is set by the operator: remove it"


def test_an_error_can_be_printed_whatever_it_quotes() -> None:
    patch = {"volumes": [{"name": "presto-\ud800"}], "affinity": {"$patch": "\ud800"}}
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(manifest(workers={"podOverrides": {"spec": patch}}))
    assert "volumes[0].name: must be valid Unicode text" in str(caught.value).encode().decode()


def test_all_that_is_wrong_is_said_at_once() -> None:
    patch = {"restartPolicy": "Never", **_presto(command=["x"], image="y")}
    with pytest.raises(InvalidClusterError) as caught:
        parse_cluster(manifest(workers={"podOverrides": {"spec": patch}}))
    assert len(caught.value.errors) == 3


_ALLOWED: dict[str, dict[str, Any]] = {
    "security": _presto(securityContext={"runAsUser": 1000, "seccompProfile": {"$patch": "delete"}}),
    "probe timings": _presto(livenessProbe={"periodSeconds": 30}, startupProbe={"failureThreshold": 900}),
    "variable": _presto(env=[{"name": "TZ", "value": "UTC"}]),
    "port": _presto(ports=[{"containerPort": 9000, "name": "jmx"}]),
    "mount": {**_presto(volumeMounts=[{"name": "s", "mountPath": "/s"}]), "volumes": [{"name": "s", "emptyDir": {}}]},
    "sidecar": {"containers": [{"name": "proxy", "image": "x", "command": ["x"], "resources": {}}]},
    "init container": {"initContainers": [{"name": "first", "image": "x"}]},
    "affinity": {"affinity": {"nodeAffinity": {}}},
    "priority": {"priorityClassName": "high"},
    "host network": {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"},
    "pod security": {"securityContext": {"fsGroup": 2000}},
    "spread": {"topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname", "$patch": "delete"}]},
    "runtime class": {"runtimeClassName": "gvisor", "schedulerName": "volcano"},
    "token": {"automountServiceAccountToken": True},
}


@pytest.mark.parametrize("patch", _ALLOWED.values(), ids=_ALLOWED.keys())
def test_what_the_operator_does_not_own_can_be_changed(patch: dict[str, Any]) -> None:
    overridden = _templates(cluster(**_both(patch)))
    plain = _templates(cluster())
    for role, template in overridden.items():
        assert template != plain[role]
        assert _owned(template) == _owned(plain[role])


def _role_with(role: str, patch: dict[str, Any]) -> dict[str, Any]:
    return {role: {"podOverrides": {"spec": patch}}}


def _both(patch: Any) -> dict[str, Any]:
    return {role: {"podOverrides": {"spec": patch}} for role in ("coordinator", "workers")}


def _templates(of: Any) -> dict[str, dict[str, Any]]:
    deployments = [obj for obj in generation_objects(of, {"workers": 1}) if obj["kind"] == "Deployment"]
    return {_role(obj): obj["spec"]["template"] for obj in deployments}


def _role(deployment: KubernetesObject) -> str:
    return str(deployment["metadata"]["labels"]["prestooperator.io/role"])


def _owned(template: dict[str, Any]) -> dict[str, Any]:
    """What of a template must be as the operator makes it, but for names that hang on the template's own hash."""
    spec = template["spec"]
    (presto,) = [container for container in spec["containers"] if container["name"] == "presto"]
    fields = ("image", "imagePullPolicy", "command", "args", "lifecycle", "resources", "terminationMessagePolicy")
    return {
        **{name: spec.get(name) for name in ("serviceAccountName", "restartPolicy", "terminationGracePeriodSeconds")},
        **{name: presto.get(name) for name in fields},
        "probes": [next(iter(presto[name])) for name in ("startupProbe", "readinessProbe", "livenessProbe")],
        "variables": presto["env"][0],
        "ports": [port for port in presto["ports"] if port["name"] == "http"],
        "mounts": presto["volumeMounts"][:2],
        "volumes": [volume["name"] for volume in spec["volumes"]][:2],
        "role": template["metadata"]["labels"]["prestooperator.io/role"],
    }


_VALUES = st.none() | st.integers(0, 9000) | st.sampled_from(["presto", "config", "http", "delete", "replace"])
_KEYS = st.sampled_from(
    [
        *(
            "$patch",
            "containers",
            "volumes",
            "initContainers",
            "name",
            "command",
            "image",
            "env",
            "ports",
            "volumeMounts",
        ),
        *("containerPort", "mountPath", "lifecycle", "resources", "readinessProbe", "httpGet", "restartPolicy"),
        *("securityContext", "periodSeconds", "serviceAccountName"),
    ]
)
_ITEMS = st.fixed_dictionaries(
    {},
    optional={"name": st.sampled_from(["presto", "config", "POD_NAME", "mine"]), "$patch": _VALUES, "image": _VALUES},
)
_TREES = st.recursive(
    _VALUES | st.lists(_ITEMS, max_size=2),
    lambda inner: (
        st.dictionaries(_KEYS, inner, max_size=3)
        | st.lists(st.dictionaries(_KEYS, inner, max_size=3) | inner, max_size=2)
        | st.dictionaries(_KEYS, inner, max_size=3).map(lambda fields: {**fields, "name": "presto"})
    ),
    max_leaves=8,
)


@given(st.dictionaries(_KEYS, _TREES, max_size=3))
def test_no_patch_that_is_accepted_breaks_what_the_operator_owns(patch: dict[str, Any]) -> None:
    try:
        overridden = cluster(**_both(patch))
    except InvalidClusterError:
        return
    plain = _templates(cluster())
    for role, template in _templates(overridden).items():
        assert _owned(template) == _owned(plain[role])

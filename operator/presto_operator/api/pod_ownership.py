"""What a pod override must not touch, and which field does it instead. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from presto_operator.api.owned import (
    HTTP_PORT_NAME,
    OWNED_DIRECTORIES,
    OWNED_VARIABLES,
    PRESTO_CONTAINER,
    is_owned_container,
    is_owned_path,
    is_owned_volume,
)
from presto_operator.objects import MERGE_KEYS, PATCH_DIRECTIVE
from presto_operator.presto import HTTP_PORT

Problem = tuple[str, str]
"""Path inside of the pod's spec, as `containers[presto].command`, and what is wrong with it."""

_PROCESS_ONE = "a worker that drains waits for process 1 of its container, which must be Presto: remove it"

_OWNED_OF_POD = {
    "restartPolicy": "the operator's, since Deployments know Always only: remove it",
    "terminationGracePeriodSeconds": "follows from workers.drain: set workers.drain.timeout",
    "serviceAccountName": "the operator's: set spec.serviceAccount.name",
    "serviceAccount": "the operator's: set spec.serviceAccount.name",
    "shareProcessNamespace": _PROCESS_ONE,
    "hostPID": _PROCESS_ONE,
}

_OWNED_OF_CONTAINER = {
    "image": "the operator's: set spec.image",
    "imagePullPolicy": "the operator's: set spec.image.pullPolicy",
    "command": "the operator's: set jvm, config, env or ulimits; what shall run before Presto is an init container",
    "args": "the operator's: set jvm, config, env or ulimits; what shall run before Presto is an init container",
    "lifecycle": "the operator's: workers drain by its preStop hook; set workers.drain",
    "resources": "the operator's, since the heap follows from it: set resources of the role",
    "terminationMessagePath": "the operator's: it quotes the server's last words from there; remove it",
    "terminationMessagePolicy": "the operator's: it quotes the server's last words by it; remove it",
}

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_PROBE_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")


def ownership_problems(pod_spec: Mapping[str, Any]) -> list[Problem]:
    """What of `pod_spec`, a strategic merge patch of a pod's spec, is malformed or touches what the operator owns."""
    return list(_in_pod(pod_spec)) or list(_malformed("", pod_spec))


def _in_pod(patch: Mapping[str, Any]) -> Iterator[Problem]:
    if PATCH_DIRECTIVE in patch:
        yield PATCH_DIRECTIVE, "the pod's spec as a whole is the operator's: patch single fields"
    for name, message in _OWNED_OF_POD.items():
        if name in patch:
            yield name, message
    security = patch.get("securityContext", {})
    if not isinstance(security, Mapping) or PATCH_DIRECTIVE in security:
        yield "securityContext", "as a whole it is the operator's, which sets spec.sysctls in it: patch single fields"
    elif "sysctls" in security:
        yield "securityContext.sysctls", "the operator's: set spec.sysctls"
    yield from _owned_items(
        patch,
        "volumes",
        lambda volume: is_owned_volume(str(volume.get("name"))),
        'the operator\'s, as are all whose name begins with "presto-": choose another name',
    )
    yield from _owned_items(
        patch,
        "initContainers",
        lambda container: is_owned_container(str(container.get("name"))),
        'the operator\'s, as are all whose name begins with "plugin-" or "presto-": choose another name',
    )
    yield from _owned_items(
        patch,
        "containers",
        lambda container: container.get("name") != PRESTO_CONTAINER and is_owned_container(str(container.get("name"))),
        'the operator\'s, as are all whose name begins with "plugin-" or "presto-": choose another name',
    )
    for container in _items(patch, "containers"):
        if container.get("name") == PRESTO_CONTAINER:
            for path, message in _in_server(container):
                yield f"containers[{PRESTO_CONTAINER}].{path}", message


def _in_server(patch: Mapping[str, Any]) -> Iterator[Problem]:
    if PATCH_DIRECTIVE in patch:
        yield PATCH_DIRECTIVE, "the server's container is the operator's: patch single fields of it"
    for name, message in _OWNED_OF_CONTAINER.items():
        if name in patch:
            yield name, message
    for name in _PROBES:
        yield from _in_probe(name, patch)
    yield from _owned_items(
        patch, "env", lambda variable: variable.get("name") in OWNED_VARIABLES, "set by the operator: remove it"
    )
    yield from _owned_items(
        patch,
        "ports",
        lambda port: port.get("containerPort") == HTTP_PORT or port.get("name") == HTTP_PORT_NAME,
        f"port {HTTP_PORT}, named {HTTP_PORT_NAME}, is the operator's: choose another number and name",
    )
    yield from _owned_items(
        patch,
        "volumeMounts",
        lambda mount: is_owned_path(str(mount.get("mountPath"))),
        f"a mount must not be, hold or lie in {', '.join(OWNED_DIRECTORIES)}: choose another directory",
    )


def _in_probe(name: str, patch: Mapping[str, Any]) -> Iterator[Problem]:
    if name not in patch:
        return
    probe = patch[name]
    if not isinstance(probe, Mapping) or PATCH_DIRECTIVE in probe:
        yield name, "the operator's: only its timings, such as periodSeconds or failureThreshold, can be changed"
        return
    for handler in _PROBE_HANDLERS:
        if handler in probe:
            yield (
                f"{name}.{handler}",
                "the operator's: only timings, such as periodSeconds or failureThreshold, can be changed",
            )


def _owned_items(
    patch: Mapping[str, Any], name: str, is_owned: Callable[[Mapping[str, Any]], bool], message: str
) -> Iterator[Problem]:
    """Problems of the list `name` of the patch, in which some items are owned: it must not go as a whole either."""
    if name in patch and not isinstance(patch[name], list):
        yield name, "must be a list: the operator has items of its own in it, so it can't be removed"
    key = MERGE_KEYS[name]
    for item in _items(patch, name):
        if PATCH_DIRECTIVE in item and key not in item:
            yield name, f"must not be replaced as a whole: the operator has items of its own in it; name each by {key}"
        elif is_owned(item):
            yield f"{name}[{item.get(key)}]", message


def _items(patch: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = patch.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _malformed(path: str, node: Any) -> Iterator[Problem]:
    """What could not be merged: unknown directives, and items of merged lists without their key."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            here = f"{path}.{name}" if path else name
            if name == PATCH_DIRECTIVE:
                if value not in ("delete", "replace"):
                    yield here, f"must be delete or replace (got {value!r})"
            elif name.startswith("$"):
                yield here, f"unknown directive: only {PATCH_DIRECTIVE} is supported"
            elif name in MERGE_KEYS and isinstance(value, list):
                yield from _malformed_items(here, value, MERGE_KEYS[name])
            else:
                yield from _malformed(here, value)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _malformed(f"{path}[{index}]", item)


def _malformed_items(path: str, items: list[Any], key: str) -> Iterator[Problem]:
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            yield f"{path}[{index}]", "must be an object"
        elif item.get(key) is None and item != {PATCH_DIRECTIVE: "replace"}:
            yield f"{path}[{index}].{key}", "required: it tells which item is meant"
        else:
            yield from _malformed(f"{path}[{item.get(key, index)}]", item)

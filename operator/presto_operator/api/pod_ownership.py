"""What a pod override must not change, and which field of the PrestoCluster to set instead."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from presto_operator.api.owned import (
    CONTAINER_NAMES,
    HTTP_PORT_NAME,
    MOUNT_PATHS,
    PRESTO_CONTAINER,
    VARIABLE_NAMES,
    VOLUME_NAMES,
)
from presto_operator.api.quantity import is_quantity
from presto_operator.api.rules import Problem, at_key, joined, shown
from presto_operator.bounds import MAX_QUOTED
from presto_operator.objects import MERGE_KEYS, PATCH_DIRECTIVE
from presto_operator.presto import HTTP_PORT

_PROCESS_ONE = (
    "must not be set: when a worker drains, its preStop hook waits for process 1 of the container, which must be Presto"
)

_OWNED_OF_POD = {
    "restartPolicy": "must not be set: a Deployment's pods always have Always",
    "terminationGracePeriodSeconds": "is computed from workers.drain: set workers.drain.timeout",
    "serviceAccountName": "is set by the operator: set spec.serviceAccount.name",
    "serviceAccount": "is set by the operator: set spec.serviceAccount.name",
    "activeDeadlineSeconds": "must not be set: Kubernetes refuses it for the pods of a Deployment",
    "nodeName": "must not be set: it puts all servers on one node. Set nodeSelector of the coordinator or of a pool",
    "shareProcessNamespace": _PROCESS_ONE,
    "hostPID": _PROCESS_ONE,
}

_START_COMMAND = (
    "is set by the operator: set jvm, config, env or ulimits; to run something before Presto, add an init container"
)

_OWNED_OF_CONTAINER = {
    "image": "is set by the operator: set spec.image",
    "imagePullPolicy": "is set by the operator: set spec.image.pullPolicy",
    "command": _START_COMMAND,
    "args": _START_COMMAND,
    "lifecycle": "is set by the operator, whose preStop hook drains workers: set workers.drain",
    "resources": "is set by the operator, which computes the heap from it: set resources of the role",
    "terminationMessagePath": "is set by the operator, which quotes the server's last words from it: remove it",
    "terminationMessagePolicy": "is set by the operator, which quotes the server's last words: remove it",
}

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_PROBE_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_ONLY_TIMINGS = "is set by the operator: only timings such as periodSeconds and failureThreshold can be changed"


def ownership_problems(pod_spec: Mapping[str, Any]) -> list[Problem]:
    """What is malformed in `pod_spec`, a strategic merge patch of a pod's spec, or changes what the operator owns."""
    return list(_in_pod(pod_spec)) or list(_malformed("", pod_spec))


def _in_pod(patch: Mapping[str, Any]) -> Iterator[Problem]:
    if PATCH_DIRECTIVE in patch:
        yield Problem(PATCH_DIRECTIVE, "must not replace or delete the pod's whole spec: patch single fields")
    for name, message in _OWNED_OF_POD.items():
        if name in patch:
            yield Problem(name, message)
    security = patch.get("securityContext", {})
    if not isinstance(security, Mapping) or PATCH_DIRECTIVE in security:
        yield Problem(
            "securityContext", "must not be removed or replaced, since spec.sysctls is part of it: patch single fields"
        )
    elif "sysctls" in security:
        yield Problem("securityContext.sysctls", "is set by the operator: set spec.sysctls")
    yield from _owned_items(
        patch, "volumes", lambda volume: VOLUME_NAMES.reserves(str(volume.get("name"))), VOLUME_NAMES.message
    )
    yield from _owned_items(
        patch,
        "initContainers",
        lambda container: CONTAINER_NAMES.reserves(str(container.get("name"))),
        CONTAINER_NAMES.message,
    )
    yield from _owned_items(
        patch,
        "containers",
        lambda container: (
            container.get("name") != PRESTO_CONTAINER and CONTAINER_NAMES.reserves(str(container.get("name")))
        ),
        CONTAINER_NAMES.message,
    )
    yield from _in_containers(patch)


def _in_containers(patch: Mapping[str, Any]) -> Iterator[Problem]:
    for field in ("containers", "initContainers"):
        for container in _items(patch, field):
            yield from _in_container(f"{field}[{_shown_name(container)}]", container)
    for container in _items(patch, "containers"):
        if container.get("name") == PRESTO_CONTAINER:
            for path, message in _in_server(container):
                yield Problem(f"containers[{PRESTO_CONTAINER}].{path}", message)


def _shown_name(item: Mapping[str, Any]) -> str:
    """The name of an item of a patch, for a path."""
    return str(item.get("name"))[:MAX_QUOTED]


def _in_container(here: str, patch: Mapping[str, Any]) -> Iterator[Problem]:
    """What Kubernetes would refuse in a container."""
    for number, port in enumerate(_items(patch, "ports")):
        if PATCH_DIRECTIVE not in port and not _is_port(port.get("containerPort")):
            got = shown(port.get("containerPort"))
            yield Problem(f"{here}.ports[{number}].containerPort", f"must be a number from 1 to 65535 (got {got})")
    resources = patch.get("resources")
    for field in ("requests", "limits"):
        amounts = resources.get(field) if isinstance(resources, Mapping) else None
        for name, amount in amounts.items() if isinstance(amounts, Mapping) else ():
            if name != PATCH_DIRECTIVE and amount is not None and not is_quantity(amount):
                yield Problem(
                    f"{here}.resources.{field}.{at_key(name)}",
                    f"must be a quantity such as 512Mi (got {shown(amount)})",
                )


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**16


def _in_server(patch: Mapping[str, Any]) -> Iterator[Problem]:
    if PATCH_DIRECTIVE in patch:
        yield Problem(PATCH_DIRECTIVE, "must not replace or delete the server's container: patch single fields of it")
    for name, message in _OWNED_OF_CONTAINER.items():
        if name in patch:
            yield Problem(name, message)
    for name in _PROBES:
        yield from _in_probe(name, patch)
    yield from _owned_items(
        patch, "env", lambda variable: VARIABLE_NAMES.reserves(str(variable.get("name"))), VARIABLE_NAMES.message
    )
    yield from _owned_items(
        patch,
        "ports",
        lambda port: port.get("containerPort") == HTTP_PORT or port.get("name") == HTTP_PORT_NAME,
        f"port {HTTP_PORT} and the name {HTTP_PORT_NAME} belong to the operator: choose another number and name",
    )
    yield from _owned_items(
        patch,
        "volumeMounts",
        lambda mount: MOUNT_PATHS.overlaps(posixpath.normpath(f"/{mount.get('mountPath')}")),
        MOUNT_PATHS.message,
    )


def _in_probe(name: str, patch: Mapping[str, Any]) -> Iterator[Problem]:
    if name not in patch:
        return
    probe = patch[name]
    if not isinstance(probe, Mapping) or PATCH_DIRECTIVE in probe:
        yield Problem(name, _ONLY_TIMINGS)
        return
    for handler in _PROBE_HANDLERS:
        if handler in probe:
            yield Problem(f"{name}.{handler}", _ONLY_TIMINGS)


def _owned_items(
    patch: Mapping[str, Any], name: str, is_owned: Callable[[Mapping[str, Any]], bool], message: str
) -> Iterator[Problem]:
    """Problems of the list `name` of the patch, some of whose items the operator owns."""
    if name in patch and not isinstance(patch[name], list):
        yield Problem(name, "must be a list: it can't be removed, because some of its items belong to the operator")
    key = MERGE_KEYS[name]
    for item in _items(patch, name):
        if PATCH_DIRECTIVE in item and key not in item:
            yield Problem(
                name, f"must not be replaced, because some of its items belong to the operator: give each item a {key}"
            )
        elif is_owned(item):
            yield Problem(f"{name}[{str(item.get(key))[:MAX_QUOTED]}]", message)


def _items(patch: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = patch.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _malformed(path: str, node: Any) -> Iterator[Problem]:
    """What can't be merged: unknown directives, and items of merged lists without their key."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            here = joined(path, at_key(name))
            if name == PATCH_DIRECTIVE:
                if value not in ("delete", "replace"):
                    yield Problem(here, f"must be delete or replace (got {shown(value)})")
            elif name.startswith("$"):
                yield Problem(here, f"unknown directive: only {PATCH_DIRECTIVE} is supported")
            elif name in MERGE_KEYS and isinstance(value, list):
                yield from _malformed_items(here, value, MERGE_KEYS[name])
            else:
                yield from _malformed(here, value)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, Mapping) and PATCH_DIRECTIVE in item:
                yield Problem(
                    f"{path}[{index}]", f"must not contain {PATCH_DIRECTIVE}: this list is replaced as a whole"
                )
            else:
                yield from _malformed(f"{path}[{index}]", item)


def _malformed_items(path: str, items: list[Any], key: str) -> Iterator[Problem]:
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            yield Problem(f"{path}[{index}]", "must be an object")
        elif item.get(key) is None and item != {PATCH_DIRECTIVE: "replace"}:
            yield Problem(f"{path}[{index}].{key}", "required: it identifies the item")
        else:
            yield from _malformed(f"{path}[{str(item.get(key, index))[:MAX_QUOTED]}]", item)

"""What a valid spec does that its author may not want: the warnings in the condition `Valid`, and those of `render`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from presto_operator.api import PRESTO_CONTAINER, PrestoCluster, Role, Toleration, duration_seconds
from presto_operator.desired.drain_warnings import drain_warnings
from presto_operator.desired.network_policy import network_policy_warnings
from presto_operator.desired.pod_security import pod_security_warnings
from presto_operator.desired.query_retry import retry_warnings
from presto_operator.presto import (
    OPTION_VARIABLES,
    PrestoVersion,
    holds_a_password,
    is_unknown,
    names_a_secret,
    parse_version,
    refers_to_environment,
)

_DEFINED_BY_IMAGES = ("HOME", "HOSTNAME", "PATH", "JAVA_HOME", "PRESTO_HOME")
_START_VARIABLES = {
    "JAVA_HOME": "Presto's launcher runs bin/java in this directory, and doesn't start without it",
    "LD_LIBRARY_PATH": "Java loads libraries from it",
    "LD_PRELOAD": "every program of the container loads it",
    "PATH": "the start command finds its programs by it",
    "PRESTO_HOME": "the start command runs Presto from this directory, and doesn't start without it",
}
"""Variables by which the start command finds what it needs, and what each one is for. An image sets its own."""

_REFERENCE = re.compile(r"\$\{ENV:([a-zA-Z][a-zA-Z0-9_]*)}")
"""What Presto replaces: ENV_PATTERN of airlift's Bootstrap."""

_LEAST_GRACE_SECONDS = 10
"""The coordinator asks workers for their state every 5 s."""
_LEAST_DRAIN_SECONDS = 60
_LEAST_SHARE_OUTSIDE_HEAP = 0.1
"""Of a container's memory: what threads, code and direct buffers of a server need at the least."""
_MANY_WORKERS = 500
_OLDEST_TESTED = PrestoVersion(283)


def cluster_warnings(cluster: PrestoCluster) -> list[str]:
    """The warnings about a cluster, each with the path of its field. They never quote a value that may be secret."""
    return [
        *retry_warnings(cluster.spec),
        *drain_warnings(cluster.spec),
        *network_policy_warnings(cluster.spec),
        *pod_security_warnings(cluster.spec),
        *_secret_catalog_warnings(cluster),
        *(warning for field, role in _roles(cluster) for warning in _role_warnings(cluster, field, role)),
        *_drain_warnings(cluster),
        *_release_warnings(cluster),
        *_toleration_warnings(cluster),
        *_group_warnings("spec.resourceGroups.rootGroups", cluster.spec.resource_groups.get("rootGroups")),
    ]


def _roles(cluster: PrestoCluster) -> tuple[tuple[str, Role], ...]:
    return ("spec.coordinator", cluster.spec.coordinator), ("spec.workers", cluster.spec.workers)


_IN_CONFIG_MAP = "is a secret that everyone who may read ConfigMaps can read"


def _secret_catalog_warnings(cluster: PrestoCluster) -> Iterator[str]:
    for name, catalog in cluster.catalogs.items():
        for key in () if catalog.is_secret else _secrets_in(catalog.properties):
            yield f"spec.catalogs.{name}.properties[{key}]: {_IN_CONFIG_MAP}: use secretProperties"
    for name, entry in cluster.spec.catalogs.items():
        if name in cluster.catalogs and cluster.catalogs[name].is_secret:
            for key in _secrets_in(entry.properties):
                yield (
                    f"spec.catalogs.{name}.properties[{key}]: everyone who may read the PrestoCluster can read it: "
                    "use secretProperties"
                )


def _secrets_in(properties: Mapping[str, str]) -> Iterator[str]:
    for key, value in properties.items():
        if value and not refers_to_environment(value) and (names_a_secret(key) or holds_a_password(value)):
            yield key


def _role_warnings(cluster: PrestoCluster, field: str, role: Role) -> Iterator[str]:
    for key in _secrets_in(role.config):
        yield f"{field}.config[{key}]: {_IN_CONFIG_MAP}: write ${{ENV:NAME}}, and take NAME from a Secret with env"
    version = parse_version(cluster.spec.version)
    for key in role.config:
        if is_unknown(key, version) and "-" not in cluster.spec.version:
            yield (
                f"{field}.config[{key}]: Presto {cluster.spec.version} has no such property, and doesn't start with "
                "one that it doesn't know"
            )
    for name, text in role.config_files.items():
        if holds_a_password(text) or any(_is_secret_line(line) for line in text.splitlines()):
            yield (
                f"{field}.configFiles[{name}]: contains {_IN_CONFIG_MAP.removeprefix('is ')}: keep it in a Secret, as "
                "a volume"
            )
    yield from _undefined_variables(field, role)
    yield from _variable_warnings(field, role)
    if role.heap_bytes > role.resources.memory_limit_bytes * (1 - _LEAST_SHARE_OUTSIDE_HEAP):
        yield (
            f"{field}.jvm: the heap leaves less than 10 % of the container's memory for all else that Java needs: its "
            "servers may be killed for want of memory"
        )


def _is_secret_line(line: str) -> bool:
    name, separator, value = line.partition("=")
    return bool(separator and value.strip()) and names_a_secret(name.strip()) and not refers_to_environment(value)


def _variable_warnings(field: str, role: Role) -> Iterator[str]:
    for number, variable in enumerate(role.env):
        here = f"{field}.env[{number}]"
        if variable.value and names_a_secret(variable.name.replace("_", "-")):
            yield (
                f"{here}: {variable.name} is a secret that everyone who may read the PrestoCluster or its pods can "
                "read: use valueFrom.secretKeyRef"
            )
        if variable.name in OPTION_VARIABLES:
            yield (
                f"{here}: Java adds the arguments in {variable.name} to those of jvm.config: use jvm.extraArgs, which "
                "are checked"
            )
        if variable.name in _START_VARIABLES:
            yield f"{here}: {variable.name} overrides the image's own: {_START_VARIABLES[variable.name]}"


def _undefined_variables(field: str, role: Role) -> Iterator[str]:
    patch = role.pod_overrides.spec if role.pod_overrides is not None else {}
    server = next((item for item in _items(patch, "containers") if item.get("name") == PRESTO_CONTAINER), {})
    if "envFrom" in server:
        return
    defined = {variable.name for variable in role.env} | {str(item.get("name")) for item in _items(server, "env")}
    for key, value in role.config.items():
        for name in _REFERENCE.findall(value):
            if name not in defined and name not in _DEFINED_BY_IMAGES:
                yield (
                    f"{field}.config[{key}]: no variable {name} is in env: Presto doesn't start unless the image "
                    "defines it"
                )


def _items(part: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = part.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _drain_warnings(cluster: PrestoCluster) -> Iterator[str]:
    workers = cluster.spec.workers
    if duration_seconds(workers.drain.timeout) < _LEAST_DRAIN_SECONDS:
        yield (
            f"spec.workers.drain.timeout: {workers.drain.timeout} is shorter than most queries: each worker that "
            "leaves fails the tasks that it still has"
        )
    if duration_seconds(workers.drain.grace_period) < _LEAST_GRACE_SECONDS:
        yield (
            f"spec.workers.drain.gracePeriod: with less than {_LEAST_GRACE_SECONDS}s, the coordinator sends tasks to "
            "workers that are leaving, and these queries fail"
        )
    if workers.replicas >= _MANY_WORKERS:
        yield (
            f"spec.workers.replicas: {workers.replicas} workers are more than most coordinators can serve, and each "
            "new generation needs as many nodes again"
        )


def _release_warnings(cluster: PrestoCluster) -> Iterator[str]:
    autoscaling = cluster.spec.autoscaling
    scales_to_zero = autoscaling is not None and autoscaling.scale_to_zero is not None
    if scales_to_zero and parse_version(cluster.spec.version) < _OLDEST_TESTED:
        yield (
            f"spec.autoscaling.scaleToZero: tested from Presto 0.{_OLDEST_TESTED.minor} on. An older release may "
            "not have "
            "query-manager.required-workers, and then doesn't start"
        )


def _toleration_warnings(cluster: PrestoCluster) -> Iterator[str]:
    places = [("spec.coordinator", cluster.spec.coordinator.tolerations)]
    places += [
        (f"spec.workers.pools[{index}]", pool.tolerations) for index, pool in enumerate(cluster.spec.workers.pools)
    ]
    for field, tolerations in places:
        for number, toleration in enumerate(tolerations):
            if _tolerates_all(toleration):
                yield (
                    f"{field}.tolerations[{number}]: tolerates every taint, those of nodes that are being reclaimed "
                    "too: its servers stay until the node is gone, and their queries fail"
                )


def _tolerates_all(toleration: Toleration) -> bool:
    return not toleration.key and toleration.operator == "Exists"


def _group_warnings(place: str, groups: Any) -> Iterator[str]:
    pending = [(place, groups)]
    while pending:
        here, listed = pending.pop(0)
        for number, group in enumerate(listed if isinstance(listed, list) else ()):
            limit = group.get("hardConcurrencyLimit", group.get("maxRunning"))
            if str(limit) == "0":
                yield f"{here}[{number}].hardConcurrencyLimit: with 0 no query of this group ever runs"
            pending.append((f"{here}[{number}].subGroups", group.get("subGroups")))

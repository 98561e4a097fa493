"""The pod of a Presto server: what coordinator and workers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from presto_operator.api import (
    CONFIG_VOLUME,
    DATA_VOLUME,
    HTTP_PORT_NAME,
    PLUGINS_VOLUME,
    POD_NAME_VARIABLE,
    PRESTO_CONTAINER,
    SERVER_SCRIPT,
    TMP_VOLUME,
    USERS_FILE,
    PrestoCluster,
    Role,
    RoleField,
)
from presto_operator.desired.config_map import ServerFiles
from presto_operator.desired.names import ENVIRONMENT_ANNOTATION, cluster_labels, service_account_name
from presto_operator.desired.object import secret_hash
from presto_operator.desired.plugins import plugin_container
from presto_operator.desired.pod_security import (
    TMP_DIRECTORY,
    pod_security_context,
    restricted,
    server_security_context,
)
from presto_operator.desired.sysctls import node_sysctls_container, pod_sysctls
from presto_operator.objects import (
    COMPONENT_LABEL,
    ROLE_LABEL,
    VERSION_LABEL,
    KubernetesObject,
    RoleName,
    strategic_merge,
)
from presto_operator.presto import CONFIG_DIRECTORY, DATA_DIRECTORY, HTTP_PORT, PLUGINS_DIRECTORY, https_port

_STARTUP_PERIOD_SECONDS = 2
_STARTUP_LIMIT_SECONDS = 600
"""Presto starts in 8 to 45 s, from a large image on a cold disk in minutes. After this limit, the container is
restarted."""


_DATA_GIBIBYTES = 10
"""Default limit of the data directory. Presto keeps at most 15 request logs of 100 MB each there (airlift's
HttpServerConfig)."""

_TMP_GIBIBYTES = 2
_USERS_FILE = "/etc/passwd"


def pod_template(
    cluster: PrestoCluster, role_field: RoleField, labels: Mapping[str, str], spec: Mapping[str, Any]
) -> dict[str, Any]:
    """The template of a role's pods, with the role's podOverrides applied: what the Deployment has and what is hashed.

    Validation has made sure that the overrides don't change what the operator owns.
    """
    metadata: dict[str, Any] = {"labels": dict(labels)}
    if environment := cluster.environment.get(role_field):
        # A pod reads these values when it starts, so a change must replace it. The hash doesn't reveal them.
        metadata["annotations"] = {ENVIRONMENT_ANNOTATION: secret_hash(cluster, environment)}
    template = {"metadata": metadata, "spec": dict(spec)}
    role = cluster.spec.coordinator if role_field == "coordinator" else cluster.spec.workers
    if role.pod_overrides is None:
        return template
    patch = role.pod_overrides.model_dump(by_alias=True, exclude_defaults=True, exclude={"spec"})
    patched = strategic_merge(template, {**patch, "spec": role.pod_overrides.spec})
    for containers in ("containers", "initContainers"):
        if containers in patched["spec"]:
            patched["spec"][containers] = [
                restricted(container, cluster.spec.pod_security) for container in patched["spec"][containers]
            ]
    return patched


def pod_spec(
    cluster: PrestoCluster,
    role: Role,
    files: ServerFiles,
) -> dict[str, Any]:
    """The pod spec of a server of `role` that reads `files`, without its placement on nodes."""
    spec: dict[str, Any] = {
        "serviceAccountName": service_account_name(cluster),
        # Presto doesn't use the Kubernetes API.
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "containers": [_container(cluster, role)],
        "volumes": _volumes(cluster, role, files),
    }
    if init_containers := _init_containers(cluster, role):
        spec["initContainers"] = init_containers
    security = pod_security_context(cluster.spec.pod_security)
    if sysctls := pod_sysctls(cluster):
        security["sysctls"] = sysctls
    if security:
        spec["securityContext"] = security
    if cluster.spec.image.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in cluster.spec.image.pull_secrets]
    return spec


def server_command(action: Literal["start", "started", "drain"], settings: Sequence[str] = ()) -> list[str]:
    """The command that runs the server script in the container."""
    return ["/bin/sh", f"{CONFIG_DIRECTORY}/{SERVER_SCRIPT}", action, str(HTTP_PORT), *settings]


def pod_labels(cluster: PrestoCluster, role: RoleName, labels: dict[str, str]) -> dict[str, str]:
    """Labels of a server's pod: those that select it, and those that describe it."""
    return {
        **cluster_labels(cluster),
        COMPONENT_LABEL: role,
        VERSION_LABEL: cluster.spec.version,
        ROLE_LABEL: role,
        **labels,
    }


def _ports(role: Role) -> list[dict[str, Any]]:
    https = https_port(role.config)
    ports = [{"name": HTTP_PORT_NAME, "containerPort": HTTP_PORT}]
    return [*ports, {"name": "https", "containerPort": https}] if https is not None else ports


def _container(cluster: PrestoCluster, role: Role) -> dict[str, Any]:
    return {
        "name": PRESTO_CONTAINER,
        "image": cluster.spec.image_reference,
        "imagePullPolicy": cluster.spec.image.pull_policy,
        "command": server_command("start", _start_settings(cluster, role)),
        "env": [
            {"name": POD_NAME_VARIABLE, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            *_environment(role),
        ],
        "ports": _ports(role),
        "resources": _resources(role),
        "startupProbe": {
            "exec": {"command": server_command("started")},
            "periodSeconds": _STARTUP_PERIOD_SECONDS,
            "timeoutSeconds": 5,
            "failureThreshold": _STARTUP_LIMIT_SECONDS // _STARTUP_PERIOD_SECONDS,
        },
        "readinessProbe": {
            "httpGet": {"path": "/v1/info", "port": HTTP_PORT_NAME},
            "periodSeconds": 5,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        # A full garbage collection of a large heap may take a minute. Only after two minutes is the server hung.
        "livenessProbe": {
            "httpGet": {"path": "/v1/info", "port": HTTP_PORT_NAME},
            "periodSeconds": 15,
            "timeoutSeconds": 10,
            "failureThreshold": 8,
        },
        "securityContext": server_security_context(cluster.spec.pod_security),
        # The end of the log of a server that crashed, from which the condition Degraded quotes the cause.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": _mounts(cluster, role),
    }


def _init_containers(cluster: PrestoCluster, role: Role) -> list[dict[str, Any]]:
    node_sysctls = node_sysctls_container(cluster)
    security = cluster.spec.pod_security
    own = [
        *([node_sysctls] if node_sysctls else []),
        *(
            {
                **plugin_container(cluster, plugin, _environment(role)),
                "securityContext": server_security_context(security),
            }
            for plugin in cluster.spec.plugins
        ),
    ]
    for container in own:
        # A pod's request is the largest of its init containers or the sum of its containers, whichever is more. So the
        # server's own resources cost nothing here, and satisfy a namespace that requires limits.
        container["resources"] = _resources(role)
        container["terminationMessagePolicy"] = "FallbackToLogsOnError"
    return [*own, *(restricted(container.model_dump(by_alias=True), security) for container in role.init_containers)]


def _start_settings(cluster: PrestoCluster, role: Role) -> list[str]:
    settings = [f"{name}={value}" for name, value in role.ulimits.given.items()]
    return [*settings, f"plugins={PLUGINS_DIRECTORY}"] if cluster.spec.plugins else settings


def _environment(role: Role) -> list[dict[str, Any]]:
    return [variable.model_dump(by_alias=True, exclude_none=True) for variable in role.env]


def _resources(role: Role) -> dict[str, Any]:
    return {"requests": dict(role.resources.requests), "limits": dict(role.resources.limits)}


def _volumes(cluster: PrestoCluster, role: Role, files: ServerFiles) -> list[dict[str, Any]]:
    limits = role.empty_dir_limits
    tmp = _empty_dir(TMP_VOLUME, limits.tmp or _default_limit(role, TMP_DIRECTORY, _TMP_GIBIBYTES))
    return [
        {
            "name": CONFIG_VOLUME,
            "projected": {"sources": _config_sources(files)},
        },
        _empty_dir(DATA_VOLUME, limits.data or _default_limit(role, DATA_DIRECTORY, _DATA_GIBIBYTES)),
        *([tmp] if _is_free(role, TMP_DIRECTORY) else []),
        *([_empty_dir(PLUGINS_VOLUME, limits.plugins)] if cluster.spec.plugins else []),
        *({"name": volume.name, **volume.source} for volume in role.volumes),
    ]


def _empty_dir(name: str, size_limit: str) -> dict[str, Any]:
    return {"name": name, "emptyDir": {"sizeLimit": size_limit}}


def _default_limit(role: Role, directory: str, gibibytes: int) -> str:
    """The default size limit of a directory: `gibibytes`, and room for a heap dump if it is written there."""
    if not f"{role.jvm.heap_dump_path}/".startswith(f"{directory}/"):
        return f"{gibibytes}Gi"
    return f"{gibibytes * 1024 + -(-role.heap_bytes // 1024**2)}Mi"


def _is_free(role: Role, path: str) -> bool:
    """Whether the manifest mounts no volume of its own at `path`."""
    return all(volume.mount_path.rstrip("/") != path for volume in role.volumes)


def _mounts(cluster: PrestoCluster, role: Role) -> list[dict[str, Any]]:
    passwd = {"name": CONFIG_VOLUME, "mountPath": _USERS_FILE, "subPath": USERS_FILE, "readOnly": True}
    plugins = {"name": PLUGINS_VOLUME, "mountPath": PLUGINS_DIRECTORY, "readOnly": True}
    return [
        {"name": CONFIG_VOLUME, "mountPath": CONFIG_DIRECTORY, "readOnly": True},
        {"name": DATA_VOLUME, "mountPath": DATA_DIRECTORY},
        *([{"name": TMP_VOLUME, "mountPath": TMP_DIRECTORY}] if _is_free(role, TMP_DIRECTORY) else []),
        *([passwd] if cluster.spec.pod_security.user and _is_free(role, _USERS_FILE) else []),
        *([plugins] if cluster.spec.plugins else []),
        *(volume.model_dump(by_alias=True, exclude_none=True, exclude={"source"}) for volume in role.volumes),
    ]


def _config_sources(files: ServerFiles) -> list[dict[str, Any]]:
    # A projected volume, because a second volume can't be mounted inside of the read-only configuration volume.
    sources: list[dict[str, Any]] = [
        {"configMap": {"name": files.role["metadata"]["name"]}},
        {"configMap": _catalog_items(files.catalogs)},
    ]
    if files.secret_catalogs is not None:
        sources.append({"secret": _catalog_items(files.secret_catalogs)})
    return sources


def _catalog_items(catalogs: KubernetesObject) -> dict[str, Any]:
    return {
        "name": catalogs["metadata"]["name"],
        "items": [{"key": key, "path": f"catalog/{key}"} for key in sorted(catalogs["data"])],
    }

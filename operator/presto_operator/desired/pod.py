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
    PrestoCluster,
    Role,
    RoleField,
)
from presto_operator.desired.config_map import ServerFiles
from presto_operator.desired.names import ENVIRONMENT_ANNOTATION, cluster_labels, service_account_name
from presto_operator.desired.object import secret_hash
from presto_operator.desired.plugins import plugin_container
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
    return strategic_merge(template, {**patch, "spec": role.pod_overrides.spec})


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
    if sysctls := pod_sysctls(cluster):
        spec["securityContext"] = {"sysctls": sysctls}
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
        "securityContext": _security_context(),
        # The end of the log of a server that crashed, from which the condition Degraded quotes the cause.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": _mounts(cluster, role),
    }


def _init_containers(cluster: PrestoCluster, role: Role) -> list[dict[str, Any]]:
    node_sysctls = node_sysctls_container(cluster)
    own = [
        *([node_sysctls] if node_sysctls else []),
        *(
            {**plugin_container(cluster, plugin, _environment(role)), "securityContext": _security_context()}
            for plugin in cluster.spec.plugins
        ),
    ]
    for container in own:
        # A pod's request is the largest of its init containers or the sum of its containers, whichever is more. So the
        # server's own resources cost nothing here, and satisfy a namespace that requires limits.
        container["resources"] = _resources(role)
        container["terminationMessagePolicy"] = "FallbackToLogsOnError"
    return [*own, *(container.model_dump(by_alias=True) for container in role.init_containers)]


def _start_settings(cluster: PrestoCluster, role: Role) -> list[str]:
    settings = [f"{name}={value}" for name, value in role.ulimits.given.items()]
    return [*settings, f"plugins={PLUGINS_DIRECTORY}"] if cluster.spec.plugins else settings


def _environment(role: Role) -> list[dict[str, Any]]:
    return [variable.model_dump(by_alias=True, exclude_none=True) for variable in role.env]


def _resources(role: Role) -> dict[str, Any]:
    return {"requests": dict(role.resources.requests), "limits": dict(role.resources.limits)}


def _security_context() -> dict[str, Any]:
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _volumes(cluster: PrestoCluster, role: Role, files: ServerFiles) -> list[dict[str, Any]]:
    return [
        {
            "name": CONFIG_VOLUME,
            "projected": {"sources": _config_sources(files)},
        },
        {"name": DATA_VOLUME, "emptyDir": {}},
        *([{"name": PLUGINS_VOLUME, "emptyDir": {}}] if cluster.spec.plugins else []),
        *({"name": volume.name, **volume.source} for volume in role.volumes),
    ]


def _mounts(cluster: PrestoCluster, role: Role) -> list[dict[str, Any]]:
    plugins = {"name": PLUGINS_VOLUME, "mountPath": PLUGINS_DIRECTORY, "readOnly": True}
    return [
        {"name": CONFIG_VOLUME, "mountPath": CONFIG_DIRECTORY, "readOnly": True},
        {"name": DATA_VOLUME, "mountPath": DATA_DIRECTORY},
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

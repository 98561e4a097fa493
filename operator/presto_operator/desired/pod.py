"""The pod of a Presto server: what coordinator and workers share."""

from __future__ import annotations

from typing import Any, Literal

from presto_operator.api import PrestoCluster, Role, Toleration
from presto_operator.desired.config_map import ServerFiles
from presto_operator.desired.names import ROLE_LABEL, RoleName, cluster_labels, service_account_name
from presto_operator.desired.object import KubernetesObject
from presto_operator.desired.server_script import SERVER_SCRIPT
from presto_operator.presto import CONFIG_DIRECTORY, HTTP_PORT
from presto_operator.presto.configuration import DATA_DIRECTORY

CONTAINER = "presto"

# The image's own entrypoint may want to write into its etc; the launcher itself needs no more than this.
# The home is the official image's unless the image says otherwise.
_COMMAND = (
    f'exec "${{PRESTO_HOME:-/opt/presto-server}}/bin/launcher" --etc-dir {CONFIG_DIRECTORY} "-Dnode.id=$POD_NAME" run'
)

_STARTUP_PERIOD_SECONDS = 2
_STARTUP_LIMIT_SECONDS = 600
"""Presto starts in 8 to 45 s; a large image on a cold disk takes minutes. Past this the container is started anew."""


def pod_spec(
    cluster: PrestoCluster,
    role: Role,
    files: ServerFiles,
) -> dict[str, Any]:
    """The pod spec of a server of `role` that reads `files`, without its placement on nodes."""
    image = cluster.spec.image
    spec: dict[str, Any] = {
        "serviceAccountName": service_account_name(cluster),
        # Presto has no business with the API server.
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "containers": [_container(cluster, role)],
        "volumes": [
            {
                "name": "config",
                "projected": {"sources": [_config_source(files.role), _catalog_source(files.catalogs)]},
            },
            {"name": "data", "emptyDir": {}},
        ],
    }
    if image.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in image.pull_secrets]
    return spec


def server_command(action: Literal["started", "drain"]) -> list[str]:
    """The command that runs the server script inside of the container."""
    return ["/bin/sh", f"{CONFIG_DIRECTORY}/{SERVER_SCRIPT}", action, str(HTTP_PORT)]


def pod_labels(cluster: PrestoCluster, role: RoleName, labels: dict[str, str]) -> dict[str, str]:
    """Labels of a server's pod: those that select it and those that tell people what it is."""
    return {
        **cluster_labels(cluster),
        "app.kubernetes.io/component": role,
        "app.kubernetes.io/version": cluster.spec.version,
        ROLE_LABEL: role,
        **labels,
    }


def tolerations(items: tuple[Toleration, ...]) -> list[dict[str, Any]]:
    """Tolerations as a pod spec has them."""
    return [item.model_dump(by_alias=True, exclude_none=True) for item in items]


def _container(cluster: PrestoCluster, role: Role) -> dict[str, Any]:
    return {
        "name": CONTAINER,
        "image": cluster.spec.image_reference,
        "imagePullPolicy": cluster.spec.image.pull_policy,
        "command": ["/bin/sh", "-c", _COMMAND],
        "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "ports": [{"name": "http", "containerPort": HTTP_PORT}],
        "resources": {"requests": dict(role.resources.requests), "limits": dict(role.resources.limits)},
        "startupProbe": {
            "exec": {"command": server_command("started")},
            "periodSeconds": _STARTUP_PERIOD_SECONDS,
            "timeoutSeconds": 5,
            "failureThreshold": _STARTUP_LIMIT_SECONDS // _STARTUP_PERIOD_SECONDS,
        },
        "readinessProbe": {
            "httpGet": {"path": "/v1/info", "port": "http"},
            "periodSeconds": 5,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        # A stop-the-world collection of a large heap may take a minute; only a server that is silent for two is hung.
        "livenessProbe": {
            "httpGet": {"path": "/v1/info", "port": "http"},
            "periodSeconds": 15,
            "timeoutSeconds": 10,
            "failureThreshold": 8,
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        # The JVM's and Presto's last words, which the Degraded condition quotes.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_DIRECTORY, "readOnly": True},
            {"name": "data", "mountPath": DATA_DIRECTORY},
        ],
    }


def _config_source(config_map: KubernetesObject) -> dict[str, Any]:
    return {"configMap": {"name": config_map["metadata"]["name"]}}


def _catalog_source(catalogs: KubernetesObject) -> dict[str, Any]:
    # A projected volume, because a mount inside the read-only config mount would have no directory to sit on.
    return {
        "configMap": {
            "name": catalogs["metadata"]["name"],
            "items": [{"key": key, "path": f"catalog/{key}"} for key in sorted(catalogs["data"])],
        }
    }

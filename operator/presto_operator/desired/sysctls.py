"""Kernel parameters: those of the pod in its security context, those of the node by a privileged init container."""

from __future__ import annotations

from typing import Any

from presto_operator.api import NODE_SYSCTLS_CONTAINER, PrestoCluster, is_namespaced
from presto_operator.desired.script import literal, script

NODE_SYSCTLS_SCRIPT_TEXT = script("node-sysctls.sh")
"""Sets kernel parameters of the node."""

_PROC_SYS = "/proc/sys"


def pod_sysctls(cluster: PrestoCluster) -> list[dict[str, str]]:
    """The kernel parameters of the pod itself, as in its securityContext."""
    return [
        {"name": name, "value": value} for name, value in sorted(cluster.spec.sysctls.items()) if is_namespaced(name)
    ]


def node_sysctls_container(cluster: PrestoCluster) -> dict[str, Any] | None:
    """The init container that sets the node's kernel parameters, without its resources; None if there are none."""
    settings = [f"{name}={value}" for name, value in sorted(cluster.spec.sysctls.items()) if not is_namespaced(name)]
    if not settings:
        return None
    return {
        "name": NODE_SYSCTLS_CONTAINER,
        "image": cluster.spec.image_reference,
        "imagePullPolicy": cluster.spec.image.pull_policy,
        "command": ["/bin/sh", "-c", NODE_SYSCTLS_SCRIPT_TEXT, "node-sysctls"],
        "args": [_PROC_SYS, *map(literal, settings)],
        # /proc/sys is read-only in unprivileged containers, and only root may write it, whatever user the image has.
        "securityContext": {"privileged": True, "runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": False},
    }

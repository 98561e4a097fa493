"""Services: one for clients, one per generation for discovery, and a headless one over the workers."""

from __future__ import annotations

from typing import Any

from presto_operator.api import HTTP_PORT_NAME, PrestoCluster
from presto_operator.desired.names import coordinator_name, role_selector
from presto_operator.desired.object import child
from presto_operator.objects import GENERATION_LABEL, ROLE_LABEL, KubernetesObject
from presto_operator.presto import HTTP_PORT


def client_service(cluster: PrestoCluster, generation: str, https_port: int | None) -> KubernetesObject:
    """The address of the cluster for clients, at which they reach the coordinator of `generation`.

    Also by HTTPS if that coordinator has a port for it.
    """
    return _service(
        cluster,
        cluster.name,
        {},
        ports=[_HTTP, *([_port("https", https_port, https_port)] if https_port is not None else [])],
        selector={**role_selector(cluster, "coordinator"), GENERATION_LABEL: generation},
    )


def discovery_service(cluster: PrestoCluster, generation: str) -> KubernetesObject:
    """The address at which a generation's workers announce themselves.

    It also routes to a coordinator that isn't ready, so that workers don't lose it over a failed probe, and can
    announce themselves while it starts.
    """
    return _service(
        cluster,
        coordinator_name(cluster, generation),
        {ROLE_LABEL: "coordinator", GENERATION_LABEL: generation},
        selector={**role_selector(cluster, "coordinator"), GENERATION_LABEL: generation},
        publishNotReadyAddresses=True,
    )


def workers_service(cluster: PrestoCluster) -> KubernetesObject:
    """A headless Service over all workers, for clients that need to reach each of them, such as monitoring."""
    return _service(
        cluster,
        f"{cluster.name}-workers",
        {ROLE_LABEL: "worker"},
        selector=role_selector(cluster, "worker"),
        clusterIP="None",
    )


def _port(name: str, port: int, target: int | str) -> dict[str, Any]:
    return {"name": name, "port": port, "targetPort": target, "protocol": "TCP"}


_HTTP = _port(HTTP_PORT_NAME, HTTP_PORT, HTTP_PORT_NAME)


def _service(
    cluster: PrestoCluster, name: str, labels: dict[str, str], *, selector: dict[str, str], **spec: Any
) -> KubernetesObject:
    return child(cluster, "v1", "Service", name, labels=labels, spec={"selector": selector, "ports": [_HTTP], **spec})

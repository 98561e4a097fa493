"""NetworkPolicies: who reaches the servers. Everyone who reaches a server's HTTP port is Presto's administrator."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from presto_operator.api import PrestoCluster, PrestoClusterSpec
from presto_operator.desired.names import role_selector
from presto_operator.desired.object import child
from presto_operator.objects import (
    CLUSTER_LABEL,
    MANAGED_BY_LABEL,
    MANAGER,
    NAME_LABEL,
    ROLE_LABEL,
    KubernetesObject,
    RoleName,
)
from presto_operator.presto import AUTHENTICATION_PROPERTY, HTTP_PORT

_NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Set by Kubernetes on every namespace."""


_OPEN_HTTP = (
    "spec.networkPolicy.enabled: users have to log in, but whoever reaches the HTTP port 8080 of a server doesn't: "
    "set it to true, or keep everyone away from that port by other means"
)


def network_policies(cluster: PrestoCluster, https_ports: Collection[int | None]) -> list[KubernetesObject]:
    """The cluster's NetworkPolicies; none if the spec switches them off.

    Args:
        cluster: the cluster.
        https_ports: the HTTPS ports of the coordinators of the generations that serve or are to serve; None of one
            whose clients use HTTP.
    """
    if not cluster.spec.network_policy.enabled:
        return []
    peers = [_own_pods(cluster), _operator(cluster), *cluster.spec.network_policy.trusted]
    ports = sorted({HTTP_PORT if port is None else port for port in https_ports})
    clients: dict[str, Any] = {"ports": [{"port": port, "protocol": "TCP"} for port in ports]}
    if cluster.spec.network_policy.clients:
        clients["from"] = list(cluster.spec.network_policy.clients)
    return [
        _policy(cluster, "coordinator", [{"from": peers}, clients]),
        _policy(cluster, "worker", [{"from": peers}]),
    ]


def network_policy_warnings(spec: PrestoClusterSpec) -> list[str]:
    """What makes the passwords of a cluster useless, with the path of its field."""
    if spec.network_policy.enabled or not spec.coordinator.config.get(AUTHENTICATION_PROPERTY):
        return []
    return [_OPEN_HTTP]


def _policy(cluster: PrestoCluster, role: RoleName, ingress: list[dict[str, Any]]) -> KubernetesObject:
    return child(
        cluster,
        "networking.k8s.io/v1",
        "NetworkPolicy",
        f"{cluster.name}-{role}",
        labels={ROLE_LABEL: role},
        spec={
            "podSelector": {"matchLabels": role_selector(cluster, role)},
            "policyTypes": ["Ingress"],
            "ingress": ingress,
        },
    )


def _own_pods(cluster: PrestoCluster) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": {CLUSTER_LABEL: cluster.name, MANAGED_BY_LABEL: MANAGER}}}


def _operator(cluster: PrestoCluster) -> dict[str, Any]:
    """The operator's pods; in any namespace if its own isn't known, as it runs elsewhere."""
    namespace = cluster.operator_namespace
    return {
        "namespaceSelector": {"matchLabels": {_NAMESPACE_LABEL: namespace}} if namespace else {},
        "podSelector": {"matchLabels": {NAME_LABEL: MANAGER}},
    }

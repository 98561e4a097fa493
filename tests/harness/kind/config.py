"""The configuration of a kind cluster, version kind.x-k8s.io/v1alpha4."""

import json
from typing import Any

from tests.harness.spec import ClusterSpec, NodeSpec

HEARTBEAT_SECONDS = 3
# As in the local provider: a node that vanished is NotReady after the one, its pods leave after the other.
NODE_MONITOR_GRACE_SECONDS = 12
DEFAULT_TOLERATION_SECONDS = 10


def kind_cluster_name(name: str) -> str:
    """Return kind's name for our cluster: recognisable among those that people have of their own."""
    return f"presto-harness-{name}"


def kind_node_names(spec: ClusterSpec) -> dict[str, str]:
    """Return what kind calls the nodes of `spec`: it numbers its workers, and takes no names."""
    worker = f"{kind_cluster_name(spec.name)}-worker"
    return {
        node.name: worker if number == 1 else f"{worker}{number}" for number, node in enumerate(spec.nodes, start=1)
    }


def kind_config(spec: ClusterSpec) -> dict[str, Any]:
    """Return the configuration: a control plane, and a worker a node."""
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "kubeadmConfigPatches": [_patch(_cluster_configuration()), _patch(_kubelet_configuration())],
        "nodes": [{"role": "control-plane"}, *(_worker(node) for node in spec.nodes)],
    }


def _worker(node: NodeSpec) -> dict[str, Any]:
    worker: dict[str, Any] = {"role": "worker"}
    if node.labels:
        worker["labels"] = dict(node.labels)
    registration: dict[str, Any] = {}
    if node.taints:
        registration["taints"] = [taint.manifest() for taint in node.taints]
    if node.allowed_unsafe_sysctls:
        sysctls = ",".join(node.allowed_unsafe_sysctls)
        registration["kubeletExtraArgs"] = {"allowed-unsafe-sysctls": sysctls}
    if registration:
        join = {"kind": "JoinConfiguration", "nodeRegistration": registration}
        worker["kubeadmConfigPatches"] = [_patch(join)]
    return worker


def _cluster_configuration() -> dict[str, Any]:
    toleration = str(DEFAULT_TOLERATION_SECONDS)
    return {
        "kind": "ClusterConfiguration",
        "apiServer": {
            "extraArgs": {
                "default-not-ready-toleration-seconds": toleration,
                "default-unreachable-toleration-seconds": toleration,
            }
        },
        "controllerManager": {
            "extraArgs": {
                "node-monitor-period": "2s",
                "node-monitor-grace-period": f"{NODE_MONITOR_GRACE_SECONDS}s",
                "node-eviction-rate": "5",
                "secondary-node-eviction-rate": "5",
            }
        },
    }


def _kubelet_configuration() -> dict[str, Any]:
    return {
        "kind": "KubeletConfiguration",
        "nodeStatusUpdateFrequency": f"{HEARTBEAT_SECONDS}s",
        "nodeLeaseDurationSeconds": 4 * HEARTBEAT_SECONDS,
    }


def _patch(configuration: dict[str, Any]) -> str:
    # JSON is YAML too, and quotes what YAML readers would take for something else than a string.
    return json.dumps(configuration)

"""Nodes played by kwok: Ready, with capacity, and pods that run in name only."""

import json
from collections.abc import Collection, Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from tests.harness.kubectl import FAKE_NODE_ANNOTATION, Kubectl
from tests.harness.spec import Taint

# Renewed at a quarter of it: well within the grace period of the local provider's controller manager.
LEASE_SECONDS = 24
READY_SECONDS = 90.0


def kwok_command(program: Path, kubeconfig: Path, pods: IPv4Network) -> list[str | Path]:
    """Return the command that runs the kwok controller. Nodes without its annotation are left alone.

    `pods` is where fake pods have their addresses: the API server may try to reach them there.
    """
    return [
        program,
        f"--kubeconfig={kubeconfig}",
        "--manage-all-nodes=false",
        f"--manage-nodes-with-annotation-selector={FAKE_NODE_ANNOTATION}=fake",
        f"--node-lease-duration-seconds={LEASE_SECONDS}",
        f"--cidr={pods}",
    ]


def fake_node(name: str, labels: Mapping[str, str], taints: Collection[Taint] = ()) -> dict[str, Any]:
    """Return the Node object of a fake node with the capacity of a big machine."""
    capacity = {"cpu": "64", "memory": "512Gi", "pods": "110", "ephemeral-storage": "1Ti"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {FAKE_NODE_ANNOTATION: "fake"},
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                **labels,
            },
        },
        "spec": {"taints": [taint.manifest() for taint in taints]},
        "status": {"capacity": capacity, "allocatable": capacity},
    }


def next_names(prefix: str, count: int, existing: Collection[str]) -> tuple[str, ...]:
    """Return `count` names `<prefix>-<number>` that no node has."""
    names: list[str] = []
    number = 0
    while len(names) < count:
        if f"{prefix}-{number}" not in existing:
            names.append(f"{prefix}-{number}")
        number += 1
    return tuple(names)


def create_fake_nodes(
    kubectl: Kubectl, count: int, labels: Mapping[str, str], prefix: str, taints: Collection[Taint] = ()
) -> tuple[str, ...]:
    """Make fake nodes and return their names once all are Ready; the kwok controller must be running."""
    names = next_names(prefix, count, {node.name for node in kubectl.nodes()})
    nodes = [fake_node(name, labels, taints) for name in names]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes})
    kubectl("create", "--filename=-", stdin=manifest, timeout=READY_SECONDS)
    kubectl.wait_for_ready_nodes(names, timeout=READY_SECONDS)
    return names

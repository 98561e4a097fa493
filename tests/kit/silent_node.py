"""A node that looks well and on which nobody does anything: pods stay as the test leaves them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.harness.spec import Taint
from tests.kit.heartbeat import heartbeat
from tests.kit.resources import Namespace

SILENT = Taint("example.com/silent", "NoSchedule")


@contextmanager
def added_silent_node(namespace: Namespace) -> Iterator[str]:
    """Such a node until the block ends, with the label `silent` and the taint `SILENT`; its name."""
    name = f"{namespace.name}-silent"
    capacity = {"cpu": "64", "memory": "512Gi", "pods": "110"}
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"silent": name}},
        "spec": {"taints": [SILENT.manifest()]},
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
        },
    }
    nodes = namespace.api.path("nodes")
    with heartbeat(namespace.api, name):
        namespace.api.create(nodes, node)
        yield name
    namespace.api.delete(f"{nodes}/{name}")

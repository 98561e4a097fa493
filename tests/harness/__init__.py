"""Real Kubernetes clusters for tests, with real nodes, with or without Docker. See README.md."""

from tests.harness.binaries import program
from tests.harness.choice import Choice, provider_for
from tests.harness.errors import HarnessError, WaitedInVainError
from tests.harness.images.operator import build_image
from tests.harness.interface import Cluster, ClusterStatus, ComponentStatus, NodeStatus, Provider
from tests.harness.spec import ClusterSpec, NodeSpec, Taint, numbered_nodes
from tests.harness.waiting import wait_until

__all__ = [
    "Choice",
    "Cluster",
    "ClusterSpec",
    "ClusterStatus",
    "ComponentStatus",
    "HarnessError",
    "NodeSpec",
    "NodeStatus",
    "Provider",
    "Taint",
    "WaitedInVainError",
    "build_image",
    "numbered_nodes",
    "program",
    "provider_for",
    "wait_until",
]

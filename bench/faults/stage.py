"""The cluster on which the scenarios are played, and what is done to it."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from bench.faults.scenario import SPARE_NODES, WORKERS
from tests.harness.choice import provider_for
from tests.harness.errors import HarnessError
from tests.harness.interface import Cluster, Provider
from tests.harness.spec import ClusterSpec, NodeSpec, Taint
from tests.kit.installation import NAMESPACE, install, operator_image

CLUSTER = "bench-faults"
_CAPACITY = "prestooperator.io/capacity-type"
_ZONE = "topology.kubernetes.io/zone"
_INSTANCE_TYPE = "node.kubernetes.io/instance-type"


def _spot_node(number: int) -> NodeSpec:
    # Nodes of clouds have zone and type, and the scheduler spreads nothing over nodes that lack one of the labels.
    labels = {_CAPACITY: "spot", _ZONE: "zone-a", _INSTANCE_TYPE: "r5.4xlarge"}
    # Whatever is no worker stays away.
    return NodeSpec(f"spot-{number}", labels, (Taint(_CAPACITY, "NoSchedule", "spot"),))


SPOT_NODES = tuple(_spot_node(number) for number in range(1, WORKERS + SPARE_NODES + 1))
SYSTEM_NODE = NodeSpec("system", {_CAPACITY: "on-demand", _ZONE: "zone-a", _INSTANCE_TYPE: "m5.large"})


class Stage:
    """A cluster of real nodes with the operator in it."""

    def __init__(self, provider: Provider) -> None:
        image = operator_image(provider.name)
        nodes = (SYSTEM_NODE, *SPOT_NODES)
        self.cluster: Cluster = provider.up(ClusterSpec(name=CLUSTER, nodes=nodes, images=(image.file,)))
        install(self.cluster, image)
        self._tainted: list[tuple[str, Taint]] = []
        self._killed: set[str] = set()

    def taint(self, names: frozenset[str], taint: Taint) -> None:
        """Taint nodes, all at the same time."""
        self._tainted.extend((name, taint) for name in names)
        with ThreadPoolExecutor(max_workers=len(names)) as pool:
            list(pool.map(lambda name: self.cluster.taint_node(name, taint), sorted(names)))

    def kill(self, names: frozenset[str]) -> None:
        """Kill nodes, all at the same time."""
        self._killed |= names
        with ThreadPoolExecutor(max_workers=len(names)) as pool:
            list(pool.map(self.cluster.kill_node, sorted(names)))

    def restore(self) -> None:
        """Put new nodes in the place of killed ones, and take taints away."""
        for name, taint in self._tainted:
            if name not in self._killed:
                self.cluster.untaint_node(name, taint)
        self._tainted.clear()
        for name in sorted(self._killed):
            self.cluster.remove_node(name)
            self.cluster.add_node(next(node for node in SPOT_NODES if self.cluster.node_name(node.name) == name))
        self._killed.clear()

    def kill_operator(self) -> None:
        """End the operator's process as nothing can be caught: SIGKILL, by whoever owns this machine.

        Raises:
            HarnessError: its process isn't one of this machine.
        """
        (pod,) = self.cluster.kubectl(
            f"--namespace={NAMESPACE}", "get", "pods", "--output=jsonpath={.items[*].metadata.name}"
        ).stdout.split()
        pids = [pid for pid in _processes() if _has_host_name(pid, pod)]
        if not pids:
            raise HarnessError(f"no process of this machine is that of the operator's pod {pod}")
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _has_host_name(pid: int, name: str) -> bool:
    """Whether a process has been given this host name, as those of a pod are."""
    try:
        environment = (Path("/proc") / str(pid) / "environ").read_bytes()
    except OSError:
        return False
    return f"HOSTNAME={name}".encode() in environment.split(b"\0")


def take_down() -> None:
    """Take the cluster away."""
    provider_for("auto").down(CLUSTER)

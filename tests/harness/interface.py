"""What every provider of clusters offers, whatever the nodes are made of."""

import subprocess
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.harness.spec import ClusterSpec, NodeSpec, Taint


@dataclass(frozen=True)
class ComponentStatus:
    """A process of the cluster. `pid` is None where it isn't a process of this machine."""

    name: str
    pid: int | None
    running: bool
    log: Path | None = None


@dataclass(frozen=True)
class NodeStatus:
    """A Node object as the API server has it. `fake` nodes are played by kwok."""

    name: str
    ready: bool
    labels: Mapping[str, str]
    taints: tuple[str, ...]
    fake: bool


@dataclass(frozen=True)
class ClusterStatus:
    """What there is of a cluster at this moment."""

    name: str
    provider: str
    kubeconfig: Path
    reachable: bool
    components: tuple[ComponentStatus, ...]
    nodes: tuple[NodeStatus, ...]
    images: tuple[str, ...]


class Cluster(Protocol):
    """A cluster that is up. Every method raises HarnessError when it can't do what it says."""

    @property
    def name(self) -> str:
        """The cluster's name, unique on this machine."""
        ...

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig file with full rights."""
        ...

    @property
    def audit_log(self) -> Path | None:
        """The requests of the spec's audited users, a JSON object a line; None where there is no such log."""
        ...

    def node_name(self, name: str) -> str:
        """Return the name of the Node object of a node of the spec: kind gives its nodes names of its own.

        The methods below take either.
        """
        ...

    def add_node(self, node: NodeSpec) -> None:
        """Join a node, with every image loaded so far, and return once it is Ready."""
        ...

    def kill_node(self, name: str) -> None:
        """Take a node away without notice. Its Node object stays, and turns NotReady by itself."""
        ...

    def remove_node(self, name: str) -> None:
        """Take a node away and delete its Node object, as a cloud does after a reclaim."""
        ...

    def taint_node(self, name: str, taint: Taint) -> None:
        """Add a taint, or change the value of the one with the same key and effect."""
        ...

    def untaint_node(self, name: str, taint: Taint) -> None:
        """Take a taint away. It is no error when it isn't there."""
        ...

    def load_image(self, archive: Path) -> None:
        """Put an image archive (docker or OCI) on every node, those that join later included."""
        ...

    def kubectl(
        self, *arguments: str, stdin: str | None = None, timeout: float = 60.0, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl against this cluster with full rights."""
        ...

    def reach_service(self, namespace: str, name: str, port: int) -> AbstractContextManager[str]:
        """Yield a base URL, `http://host:port`, at which this machine reaches the Service."""
        ...

    def reachable_address(self) -> AbstractContextManager[str]:
        """Yield an IP address of this machine at which the API server reaches what listens there.

        Nobody else gets the same one meanwhile. It goes at the latest when the cluster goes.
        """
        ...

    def kwok_nodes(
        self,
        count: int,
        labels: Mapping[str, str] | None = None,
        *,
        prefix: str = "fake",
        taints: Collection[Taint] = (),
    ) -> tuple[str, ...]:
        """Add `count` fake nodes, return their names once all are Ready. Pods there run in name only."""
        ...

    def status(self) -> ClusterStatus:
        """Return what there is at this moment."""
        ...


class Provider(Protocol):
    """A way to make clusters."""

    @property
    def name(self) -> str:
        """`kind` or `local`."""
        ...

    def up(self, spec: ClusterSpec) -> Cluster:
        """Return a cluster as `spec` says: the running one when it is just that, else a new one."""
        ...

    def down(self, name: str) -> None:
        """Take a cluster away with all that it left. It is no error when there is none."""
        ...

    def find(self, name: str) -> Cluster | None:
        """Return the cluster that was brought up under this name, if there is one."""
        ...

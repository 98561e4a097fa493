"""A kind cluster, once it is up."""

import socket
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from ipaddress import IPv4Network
from pathlib import Path

from tests.harness import binaries
from tests.harness.command import CommandError, Runner, run
from tests.harness.errors import HarnessError
from tests.harness.fake_nodes import create_fake_nodes, kwok_command
from tests.harness.interface import ClusterStatus, ComponentStatus, NodeStatus
from tests.harness.kind.config import kind_cluster_name, kind_node_names
from tests.harness.kind.port_forward import forwarded, port_forward_command
from tests.harness.kind.state import KindState, read_state
from tests.harness.kubectl import Kubectl
from tests.harness.locks import file_lock
from tests.harness.paths import cluster_directory
from tests.harness.processes import spawn
from tests.harness.spec import NodeSpec, Taint

DOCKER_SECONDS = 60.0
LOAD_SECONDS = 900.0

_ROUTABLE = ("198.51.100.1", 9)
"""An address that nobody has: no packet goes there, but the kernel says which of ours it would come from."""

FAKE_PODS = IPv4Network("198.18.0.0/15")
"""For measurements between devices (RFC 2544): the addresses of no host."""


class KindCluster:
    """Implements `interface.Cluster`."""

    def __init__(
        self,
        name: str,
        runner: Runner = run,
        find_program: Callable[[str], Path] = binaries.program,
    ) -> None:
        """Take the cluster's name; `runner` and `find_program` are what tests replace."""
        self._name = name
        self._runner = runner
        self._find_program = find_program
        self._kubectl = Kubectl(find_program("kubectl"), self.kubeconfig, runner)

    @property
    def name(self) -> str:
        """The cluster's name; kind's own has a prefix."""
        return self._name

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return cluster_directory(self._name) / "kubeconfig"

    @property
    def audit_log(self) -> Path | None:
        """None: kind's API server has no audit log."""
        return None

    def node_name(self, name: str) -> str:
        """Return what kind calls a node of the spec; its own names are taken as they are."""
        return kind_node_names(self._state().spec).get(name, name)

    def add_node(self, node: NodeSpec) -> None:
        """Refuse: kind can't."""
        raise HarnessError(
            f"kind can't add {node.name} to a running cluster: list every node in the spec when bringing it "
            "up, or use the local provider"
        )

    def kill_node(self, name: str) -> None:
        """Kill the node's container, with everything in it."""
        self._runner(["docker", "kill", self.node_name(name)], timeout=DOCKER_SECONDS)

    def remove_node(self, name: str) -> None:
        """Remove the node's container and its Node object."""
        self._runner(["docker", "rm", "--force", "--volumes", self.node_name(name)], timeout=DOCKER_SECONDS)
        self.kubectl("delete", "node", self.node_name(name), "--ignore-not-found")

    def taint_node(self, name: str, taint: Taint) -> None:
        """Add a taint."""
        self._kubectl.taint_node(self.node_name(name), taint)

    def untaint_node(self, name: str, taint: Taint) -> None:
        """Take a taint away."""
        self._kubectl.untaint_node(self.node_name(name), taint)

    def load_image(self, archive: Path) -> None:
        """Load an image archive into every node."""
        if not archive.is_file():
            raise HarnessError(f"there is no image archive {archive}")
        self._load("image-archive", str(archive.resolve()))

    def load_from_docker(self, reference: str) -> None:
        """Load an image of the public registry into every node, by way of the Docker engine."""
        self._runner(["docker", "pull", reference], timeout=LOAD_SECONDS)
        self._load("docker-image", reference)

    def wait_for_nodes(self, names: Sequence[str], timeout: float) -> None:
        """Return once these nodes, by kind's names, are Ready."""
        self._kubectl.wait_for_ready_nodes(names, timeout)

    def _load(self, kind_of_source: str, source: str) -> None:
        name = kind_cluster_name(self._name)
        self._runner([self._find_program("kind"), "load", kind_of_source, source, "--name", name], timeout=LOAD_SECONDS)
        state = self._state()
        state.images = [image for image in state.images if image != source] + [source]
        state.write()

    def kubectl(
        self, *arguments: str, stdin: str | None = None, timeout: float = 60.0, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl."""
        return self._kubectl(*arguments, stdin=stdin, timeout=timeout, check=check)

    def reach_service(self, namespace: str, name: str, port: int) -> AbstractContextManager[str]:
        """Forward a port of this machine to the Service."""
        return forwarded(port_forward_command(self._find_program("kubectl"), self.kubeconfig, namespace, name, port))

    @contextmanager
    def reachable_address(self) -> Iterator[str]:
        """Yield this machine's own address once nobody else has it: Docker's containers reach no other."""
        with file_lock(cluster_directory(self._name) / "address.lock", "the address of this machine"):
            yield own_address()

    def kwok_nodes(
        self,
        count: int,
        labels: Mapping[str, str] | None = None,
        *,
        prefix: str = "fake",
        taints: Collection[Taint] = (),
    ) -> tuple[str, ...]:
        """Add fake nodes, played by a kwok controller on this machine."""
        state = self._state()
        if state.kwok is None or not state.kwok.is_alive():
            command = kwok_command(self._find_program("kwok"), self.kubeconfig, FAKE_PODS)
            state.kwok = spawn(command, log=self._kwok_log())
            state.write()
        return create_fake_nodes(self._kubectl, count, labels or {}, prefix, taints)

    def status(self) -> ClusterStatus:
        """Return what there is at this moment."""
        state = self._state()
        listed: Sequence[NodeStatus] = ()
        reachable = True
        try:
            listed = self._kubectl.nodes()
        except CommandError:
            reachable = False
        return ClusterStatus(
            name=self._name,
            provider="kind",
            kubeconfig=self.kubeconfig,
            reachable=reachable,
            components=tuple(self._components(state)),
            nodes=tuple(listed),
            images=tuple(state.images),
        )

    def _components(self, state: KindState) -> Iterator[ComponentStatus]:
        answer = self._runner(
            [
                "docker",
                "ps",
                "--all",
                "--format",
                "{{.Names}} {{.State}}",
                "--filter",
                f"label=io.x-k8s.kind.cluster={kind_cluster_name(self._name)}",
            ],
            timeout=DOCKER_SECONDS,
        )
        for line in answer.stdout.splitlines():
            container, _, condition = line.partition(" ")
            yield ComponentStatus(container, None, condition == "running")
        if state.kwok is not None:
            yield ComponentStatus("kwok", state.kwok.pid, state.kwok.is_alive(), self._kwok_log())

    def _kwok_log(self) -> Path:
        return cluster_directory(self._name) / "logs" / "kwok.log"

    def _state(self) -> KindState:
        state = read_state(self._name)
        if state is None:
            raise HarnessError(f"there is no kind cluster {self._name}: bring it up first")
        return state


def own_address() -> str:
    """Return the address by which this machine reaches others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_ROUTABLE)
        address: str = probe.getsockname()[0]
        return address

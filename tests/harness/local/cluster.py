"""A cluster of the local provider, once it is up."""

import subprocess
import threading
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.harness import binaries
from tests.harness.command import CommandError
from tests.harness.errors import HarnessError
from tests.harness.fake_nodes import create_fake_nodes, kwok_command
from tests.harness.images.archive import ImageArchive, archive_reference
from tests.harness.images.pause import pause_image
from tests.harness.images.presto import presto_image
from tests.harness.interface import ClusterStatus, ComponentStatus, NodeStatus
from tests.harness.kubectl import Kubectl
from tests.harness.local import node as nodes
from tests.harness.local.audit import audit_log_file
from tests.harness.local.control_plane import kubeconfig_file
from tests.harness.local.edge import start_edge_services
from tests.harness.local.image_template import image_template
from tests.harness.local.kernel_settings import KernelSettings
from tests.harness.local.network import guest_address
from tests.harness.local.state import ClusterState
from tests.harness.local.surroundings import Surroundings
from tests.harness.processes import program_pid
from tests.harness.progress import step
from tests.harness.spec import NodeSpec, Taint
from tests.harness.waiting import wait_until

# More would only take the processors from each other.
NODES_AT_A_TIME = 3
NODE_PROGRAMS = ("kubelet", "kube-proxy", "coredns")


class LocalCluster:
    """Implements `interface.Cluster`. It keeps nothing in memory: other commands may change the cluster too."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Take the cluster's folder and control groups."""
        self._surroundings = surroundings
        self._starting_edge = threading.Lock()
        self._kubectl = Kubectl(binaries.program("kubectl"), self.kubeconfig)

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self._surroundings.name

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return kubeconfig_file(self._surroundings.directory, "admin")

    @property
    def audit_log(self) -> Path | None:
        """The API server's audit log."""
        file = audit_log_file(self._surroundings.directory)
        return file if file.exists() else None

    def node_name(self, name: str) -> str:
        """Return `name`: nodes are called as they were asked for."""
        return name

    def add_node(self, node: NodeSpec) -> None:
        """Join a node."""
        self.add_nodes((node,))

    def add_nodes(self, specs: tuple[NodeSpec, ...]) -> None:
        """Join several nodes at the same time."""
        if not specs:
            return
        state = self._state()
        template = image_template(
            [
                pause_image(),
                *(presto_image(version) for version in state.spec.presto_versions),
                *state.loaded.values(),
            ]
        )
        binaries.programs(NODE_PROGRAMS)
        KernelSettings().note()
        for spec in specs:
            self._forget_if_gone(spec.name)
            nodes.reserve_node(self._surroundings, spec)
        with (
            step(f"starting {', '.join(spec.name for spec in specs)}"),
            ThreadPoolExecutor(max_workers=NODES_AT_A_TIME) as pool,
        ):
            with self._starting_edge:
                start_edge_services(self._surroundings, self._kubectl, specs[0].name)
            list(pool.map(lambda spec: self._start_and_wait(spec, template), specs))

    def _start_and_wait(self, spec: NodeSpec, template: Path) -> None:
        nodes.start_node(self._surroundings, spec, template)
        nodes.wait_for_node(self._surroundings, spec, self._kubectl)

    def kill_node(self, name: str) -> None:
        """Take a node away without notice."""
        nodes.kill_node(self._surroundings, name)

    def remove_node(self, name: str) -> None:
        """Take a node away with its Node object."""
        nodes.kill_node(self._surroundings, name)
        self.kubectl("delete", "node", name, "--ignore-not-found")
        nodes.forget_node(self._surroundings, name)

    def taint_node(self, name: str, taint: Taint) -> None:
        """Add a taint."""
        self._kubectl.taint_node(name, taint)

    def untaint_node(self, name: str, taint: Taint) -> None:
        """Take a taint away."""
        self._kubectl.untaint_node(name, taint)

    def load_image(self, archive: Path) -> None:
        """Import an image on every node, at the same time."""
        file = archive.resolve()
        if not file.is_file():
            raise HarnessError(f"there is no image archive {archive}")
        image = ImageArchive(reference=archive_reference(file), file=file)
        with self._surroundings.state_file.edit() as state:
            state.loaded[file] = image
            state.loaded_digests[file] = image.digest()
        running = [name for name, node in self._state().nodes.items() if node.namespaces and not node.gone]
        if not running:
            return
        with (
            step(f"loading {image.reference} on {len(running)} nodes"),
            ThreadPoolExecutor(max_workers=NODES_AT_A_TIME) as pool,
        ):
            list(pool.map(lambda name: nodes.load_image(self._surroundings, name, file), running))

    def load_changed_images(self) -> None:
        """Load those archives of the spec again that have another image in them than when they were loaded."""
        state = self._state()
        for archive in state.spec.images:
            file = archive.resolve()
            if state.loaded_digests.get(file) != ImageArchive(archive_reference(file), file).digest():
                self.load_image(file)

    def kubectl(
        self, *arguments: str, stdin: str | None = None, timeout: float = 60.0, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl."""
        return self._kubectl(*arguments, stdin=stdin, timeout=timeout, check=check)

    @contextmanager
    def reach_service(self, namespace: str, name: str, port: int) -> Iterator[str]:
        """Yield the Service's own address: this machine has a route there."""
        service = self._kubectl.get("service", name, f"--namespace={namespace}")
        address = service["spec"].get("clusterIP", "None")
        if address in ("", "None"):
            raise HarnessError(f"Service {namespace}/{name} is headless: it has no address to reach it by")
        ports = [each["port"] for each in service["spec"]["ports"]]
        if port not in ports:
            raise HarnessError(f"Service {namespace}/{name} has no port {port}; it has {ports}")
        yield f"http://{address}:{port}"

    def reachable_address(self) -> AbstractContextManager[str]:
        """Yield an address that this machine has for the time being."""
        return guest_address(self._state().addresses)

    def kwok_nodes(
        self,
        count: int,
        labels: Mapping[str, str] | None = None,
        *,
        prefix: str = "fake",
        taints: Collection[Taint] = (),
    ) -> tuple[str, ...]:
        """Add fake nodes."""
        process = self._state().processes.get("kwok")
        if process is None or not process.is_alive():
            pods = self._state().addresses.fake_pods
            self._surroundings.start("kwok", kwok_command(binaries.program("kwok"), self.kubeconfig, pods))
        return create_fake_nodes(self._kubectl, count, labels or {}, prefix, taints)

    def status(self) -> ClusterStatus:
        """Return what there is at this moment."""
        state = self._state()
        listed: tuple[NodeStatus, ...] = ()
        reachable = True
        try:
            listed = self._kubectl.nodes()
        except CommandError:
            reachable = False
        presto = [presto_image(version).reference for version in state.spec.presto_versions]
        return ClusterStatus(
            name=self.name,
            provider="local",
            kubeconfig=self.kubeconfig,
            reachable=reachable,
            components=tuple(self._components(state)),
            nodes=listed,
            images=(*presto, *(image.reference for image in state.loaded.values())),
        )

    def _components(self, state: ClusterState) -> Iterator[ComponentStatus]:
        for name, process in state.processes.items():
            owner = "edge" if name.startswith("edge-") else "control-plane"
            yield ComponentStatus(name, program_pid(process), process.is_alive(), self._surroundings.log(name, owner))
        for node in state.nodes.values():
            for name, process in node.processes.items():
                yield ComponentStatus(
                    f"{node.spec.name}/{name}",
                    program_pid(process),
                    process.is_alive(),
                    self._surroundings.log(name, node.spec.name),
                )

    def _forget_if_gone(self, name: str) -> None:
        known = self._state().nodes.get(name)
        if known is not None and known.gone:
            # The dead node's object must go first: a new machine of the same name is another node.
            self.kubectl("delete", "node", name, "--ignore-not-found")
            nodes.forget_node(self._surroundings, name)

    def _state(self) -> ClusterState:
        state = self._surroundings.state_file.read()
        if state is None:
            raise HarnessError(f"there is no cluster {self.name}: bring it up first")
        return state

    def wait_for_defaults(self) -> None:
        """Return once pods can be created: a namespace without its service account refuses them."""
        wait_until(
            lambda: self.kubectl("get", "serviceaccount", "default", check=False).returncode == 0,
            timeout=60,
            what="the default service account",
        )

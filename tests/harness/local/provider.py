"""The provider that makes clusters of plain processes: no Docker, real kubelets, real containers."""

import os
import shutil
import sys
from contextlib import AbstractContextManager

from tests.harness import binaries, prerequisites
from tests.harness.disk import require_free_space
from tests.harness.errors import HarnessError
from tests.harness.local import control_plane
from tests.harness.local.addresses import free_octet, free_ports, routed_networks
from tests.harness.local.audit import audit_options
from tests.harness.local.cluster import NODE_PROGRAMS, LocalCluster
from tests.harness.local.edge import start_edge
from tests.harness.local.image_template import clear_unfinished_templates
from tests.harness.local.kernel_settings import KernelSettings
from tests.harness.local.state import ClusterState, StateFile, known_clusters
from tests.harness.local.surroundings import Surroundings
from tests.harness.locks import file_lock
from tests.harness.paths import clusters_directory
from tests.harness.progress import cached, say, step
from tests.harness.provisions import provide
from tests.harness.spec import ClusterSpec


class LocalProvider:
    """Implements `interface.Provider` on Linux, as root."""

    name = "local"

    def up(self, spec: ClusterSpec) -> LocalCluster:
        """Bring a cluster up, or return the one that is just as `spec` says."""
        _require_root()
        prerequisites.require(prerequisites.NODES)
        # Built before the lock is taken: a cold build takes long, and others may want to look meanwhile.
        names = [*control_plane.COMPONENTS, "kubectl", *(NODE_PROGRAMS if spec.nodes else ())]
        binaries.report_cached(names)
        provide(names, spec.presto_versions if spec.nodes else ())
        binaries.pause_program()
        surroundings = Surroundings.of(spec.name)
        with _lock(spec.name):
            state = surroundings.state_file.read()
            if state is not None and is_healthy(state, spec):
                cached(f"cluster {spec.name} is up already")
                running = LocalCluster(surroundings)
                running.load_changed_images()
                return running
            _tear_down(surroundings)
            require_free_space(clusters_directory(), 2, f"cluster {spec.name}", "XDG_STATE_HOME")
            _allocate(spec)
            with step(f"control plane of {spec.name}"):
                _start_control_plane(surroundings)
                cluster = LocalCluster(surroundings)
                cluster.wait_for_defaults()
            cluster.load_changed_images()
            cluster.add_nodes(spec.nodes)
            with surroundings.state_file.edit() as edited:
                edited.complete = True
        return cluster

    def down(self, name: str) -> None:
        """Take a cluster away."""
        surroundings = Surroundings.of(name)
        if sys.platform == "linux" and os.geteuid() == 0:
            clear_unfinished_templates()
        if not surroundings.directory.exists() and not surroundings.groups.exist():
            say(f"==> there is no cluster {name}")
            return
        _require_root()
        with _lock(name), step(f"taking down {name}"):
            _tear_down(surroundings)

    def find(self, name: str) -> LocalCluster | None:
        """Return the cluster of this name."""
        state = StateFile(name).read()
        return LocalCluster(Surroundings.of(name)) if state is not None and state.complete else None


def is_healthy(state: ClusterState, spec: ClusterSpec) -> bool:
    """Tell whether a cluster is up, was asked for with the same `spec`, and still has every node of it alive.

    Nodes that were added since are no reason to lose it.
    """
    if not state.complete or state.spec != spec:
        return False
    alive = {name: node for name, node in state.nodes.items() if not node.gone}
    if not {node.name for node in spec.nodes} <= set(alive):
        return False
    processes = [*state.processes.values(), *(each for node in alive.values() for each in node.processes.values())]
    authority = Surroundings.of(spec.name).authority.own.certificate
    return all(process.is_alive() for process in processes) and control_plane.is_ready(state.server, authority)


def _allocate(spec: ClusterSpec) -> None:
    """Choose addresses and ports, and write them down before anything is made with them."""
    with file_lock(clusters_directory().parent / "addresses.lock", "choosing addresses"):
        taken = [state.octet for state in known_clusters().values() if state is not None]
        api_server, client, peer = free_ports(3)
        StateFile(spec.name).write(
            ClusterState(
                spec=spec,
                octet=free_octet(taken, routed_networks()),
                api_server_port=api_server,
                etcd_client_port=client,
                etcd_peer_port=peer,
            )
        )


def _start_control_plane(surroundings: Surroundings) -> None:
    state = surroundings.state_file.read()
    assert state is not None
    directory = surroundings.directory
    programs = binaries.programs(control_plane.COMPONENTS)
    start_edge(surroundings)
    etcd = surroundings.start("etcd", control_plane.etcd_command(state, directory))
    credentials = control_plane.create_credentials(directory, state)
    api_server = surroundings.start(
        "kube-apiserver",
        [
            *control_plane.api_server_command(programs["kube-apiserver"], state, credentials),
            *audit_options(directory, state.spec),
        ],
    )
    # They keep trying until the API server answers.
    surroundings.start(
        "kube-controller-manager",
        control_plane.controller_manager_command(programs["kube-controller-manager"], directory, credentials),
    )
    surroundings.start("kube-scheduler", control_plane.scheduler_command(programs["kube-scheduler"], directory))
    control_plane.wait_for_api_server(
        state,
        credentials,
        [
            ("etcd", etcd, surroundings.log("etcd")),
            ("kube-apiserver", api_server, surroundings.log("kube-apiserver")),
        ],
    )


def _tear_down(surroundings: Surroundings) -> None:
    """Remove whatever there is of a cluster, from whatever point on its way up or down."""
    state = surroundings.state_file.read()
    if state is not None:
        for node in state.nodes.values():
            if node.namespaces is not None:
                node.namespaces.end()
    # Every process entered a group before it became what it is: whatever the state file missed is here.
    surroundings.groups.kill_all()
    surroundings.groups.remove()
    shutil.rmtree(surroundings.directory, ignore_errors=True)
    if not any(state is None or state.nodes for state in known_clusters().values()):
        KernelSettings().restore()
    if surroundings.directory.exists():
        raise HarnessError(f"{surroundings.directory} could not be removed: what is still mounted or open in it?")


def _lock(name: str) -> AbstractContextManager[None]:
    return file_lock(clusters_directory().parent / "locks" / f"{name}.lock", f"cluster {name}")


def _require_root() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        raise HarnessError(
            "the local provider makes network namespaces and runs containers, which needs Linux and root: "
            "run this as root, or install a Docker engine and use the kind provider"
        )

"""The provider that makes clusters by kind, where there is a Docker engine."""

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from tests.harness import binaries
from tests.harness.command import Runner, run
from tests.harness.images.presto_release import presto_reference
from tests.harness.kind.cluster import KindCluster
from tests.harness.kind.config import kind_cluster_name, kind_config, kind_node_names
from tests.harness.kind.state import KindState, read_state
from tests.harness.paths import cluster_directory
from tests.harness.progress import cached, step
from tests.harness.spec import ClusterSpec, Taint

CREATE_SECONDS = 900.0
NODES_SECONDS = 180.0
CONTROL_PLANE_TAINT = Taint(key="node-role.kubernetes.io/control-plane", effect="NoSchedule")


class KindProvider:
    """Implements `interface.Provider`."""

    name = "kind"

    def __init__(self, runner: Runner = run, find_program: Callable[[str], Path] = binaries.program) -> None:
        """Take what tests replace: how commands are run, and where programs are."""
        self._runner = runner
        self._find_program = find_program

    def up(self, spec: ClusterSpec) -> KindCluster:
        """Bring a cluster up, or return the one that is just as `spec` says."""
        state = read_state(spec.name)
        if state is not None and state.spec == spec and self._exists(spec.name):
            cached(f"cluster {spec.name} is up already")
            running = self._cluster(spec.name)
            for archive in spec.images:
                # kind itself sees when the nodes have it.
                running.load_image(archive)
            return running
        self._delete(spec.name)
        cluster = self._cluster(spec.name)
        cluster.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        with step(f"kind cluster {spec.name} (cold: several minutes, its node image is fetched)"):
            self._runner(
                [
                    self._find_program("kind"),
                    "create",
                    "cluster",
                    "--name",
                    kind_cluster_name(spec.name),
                    "--kubeconfig",
                    cluster.kubeconfig,
                    "--wait",
                    "180s",
                    "--config",
                    "-",
                ],
                stdin=json.dumps(kind_config(spec)),
                timeout=CREATE_SECONDS,
            )
        KindState(spec=spec).write()
        if spec.nodes:
            for version in spec.presto_versions:
                with step(f"loading {presto_reference(version)}"):
                    cluster.load_from_docker(presto_reference(version))
            for archive in spec.images:
                cluster.load_image(archive)
        else:
            # Without workers kind lets pods onto the control plane, which are meant for fake nodes.
            cluster.taint_node(f"{kind_cluster_name(spec.name)}-control-plane", CONTROL_PLANE_TAINT)
        cluster.wait_for_nodes(list(kind_node_names(spec).values()), NODES_SECONDS)
        return cluster

    def down(self, name: str) -> None:
        """Take a cluster away."""
        with step(f"taking down {name}"):
            self._delete(name)

    def find(self, name: str) -> KindCluster | None:
        """Return the cluster of this name."""
        return self._cluster(name) if read_state(name) is not None and self._exists(name) else None

    def _delete(self, name: str) -> None:
        state = read_state(name)
        if state is not None and state.kwok is not None:
            state.kwok.send(signal.SIGKILL)
        # kind takes it well when there is no such cluster.
        self._runner(
            [
                self._find_program("kind"),
                "delete",
                "cluster",
                "--name",
                kind_cluster_name(name),
                "--kubeconfig",
                cluster_directory(name) / "kubeconfig",
            ],
            timeout=CREATE_SECONDS,
        )
        shutil.rmtree(cluster_directory(name), ignore_errors=True)

    def _exists(self, name: str) -> bool:
        answer = self._runner([self._find_program("kind"), "get", "clusters"], timeout=60)
        return kind_cluster_name(name) in answer.stdout.split()

    def _cluster(self, name: str) -> KindCluster:
        return KindCluster(name, self._runner, self._find_program)

"""What the parts of a local cluster share: its folder, its groups, and where its logs go."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness.local.certificates import Authority
from tests.harness.local.control_groups import ControlGroups
from tests.harness.local.namespaces import Namespaces, create_namespaces
from tests.harness.local.state import StateFile
from tests.harness.processes import ProcessIdentity, spawn

# Seen from inside of a node.
KUBELET_DIRECTORY = Path("/var/lib/kubelet")


@dataclass(frozen=True)
class Surroundings:
    """The folder and the control groups of one cluster."""

    name: str
    state_file: StateFile
    groups: ControlGroups

    @classmethod
    def of(cls, name: str) -> "Surroundings":
        """Return those of the cluster `name`, whether it is there or not."""
        return cls(name=name, state_file=StateFile(name), groups=ControlGroups(name))

    @property
    def directory(self) -> Path:
        """The cluster's folder."""
        return self.state_file.directory

    @property
    def authority(self) -> Authority:
        """The cluster's certificate authority."""
        return Authority(self.directory / "pki")

    def log(self, component: str, owner: str = "control-plane") -> Path:
        """Return the path of a component's log."""
        return self.directory / "logs" / owner / f"{component}.log"

    def start(self, component: str, command: Sequence[str | Path]) -> ProcessIdentity:
        """Start a process of the host's, and write down that it is there."""
        process = spawn(command, log=self.log(component), group_files=self.groups.create("control-plane"))
        with self.state_file.edit() as state:
            state.processes[component] = process
        return process

    def start_inside(
        self, owner: str, component: str, namespaces: Namespaces, command: Sequence[str | Path]
    ) -> ProcessIdentity:
        """Start a process in a node's namespaces, or the edge's; the caller writes it down."""
        return spawn(
            namespaces.enter(command),
            log=self.log(component, owner),
            group_files=self.groups.create(group_of(owner)),
        )

    def create_namespaces(self, owner: str, keeper: Path) -> Namespaces:
        """Make the namespaces of a node, or of the edge, with folders of their own where programs insist."""
        folder = self.directory / "nodes" / owner
        folder.mkdir(parents=True, exist_ok=True)
        return create_namespaces(
            keeper,
            directory=folder,
            log=self.log("namespaces", owner),
            group_files=self.groups.create(group_of(owner)),
            binds={
                Path("/var/log"): folder / "var-log",
                Path("/var/lib/cni"): folder / "var-lib-cni",
                # kubelet's device plugins are always there.
                KUBELET_DIRECTORY: folder / "kubelet",
            },
        )


def group_of(owner: str) -> str:
    """Return the control group for the processes of a node that aren't pods."""
    return f"nodes/{owner}/system"

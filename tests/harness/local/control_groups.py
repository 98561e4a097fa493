"""The control groups of a cluster: every process it has is in one, which is how all of them are found again."""

import signal
from pathlib import Path

from tests.harness.processes import ProcessIdentity
from tests.harness.waiting import wait_until

MOUNTS = Path("/proc/self/mounts")


class ControlGroups:
    """The group `presto-harness-<cluster>` in every hierarchy that this machine has, and the groups below it.

    `hierarchies` are the mount points: one a controller with cgroup v1, a single one with v2. A machine may
    have both, and runc then makes groups in all of them.
    """

    def __init__(self, cluster: str, hierarchies: tuple[Path, ...] | None = None) -> None:
        """Name the group; nothing is made yet."""
        self.root = f"presto-harness-{cluster}"
        self.hierarchies = hierarchies if hierarchies is not None else mounted_hierarchies(MOUNTS.read_text())

    def create(self, path: str) -> tuple[Path, ...]:
        """Make the group `path` below the cluster's own and return its `cgroup.procs` files."""
        return tuple(_create(hierarchy, f"{self.root}/{path}") / "cgroup.procs" for hierarchy in self.hierarchies)

    def kubelet_root(self, path: str) -> str:
        """Make the group `path` and return it as kubelet's `cgroupRoot` wants it."""
        self.create(path)
        return f"/{self.root}/{path}"

    def processes(self) -> set[int]:
        """Return the pids of all processes in the cluster's groups."""
        pids: set[int] = set()
        for top in self._tops():
            for file in top.rglob("cgroup.procs"):
                pids.update(_pids(file))
        return pids

    def kill_all(self, timeout: float = 30.0) -> None:
        """Kill every process in the groups, and those that they start meanwhile, until there is none."""

        def none_left() -> bool:
            alive = False
            for pid in self.processes():
                identity = ProcessIdentity.of(pid)
                # Between the listing and now the pid may have gone to somebody else: look at it once more.
                if identity is not None and self._has(pid):
                    identity.send(signal.SIGKILL)
                    alive = True
            return not alive

        wait_until(none_left, timeout=timeout, what=f"the processes in control group {self.root} to end")

    def remove(self, path: str = "", timeout: float = 15.0) -> None:
        """Remove the group `path` with all below it; its processes must have ended."""
        # A group stays busy for a moment after its last process has died.
        wait_until(
            lambda: all(_remove(hierarchy / self.root / path) for hierarchy in self.hierarchies),
            timeout=timeout,
            what=f"control group {self.root}/{path} to become empty",
        )

    def exist(self) -> bool:
        """Tell whether anything of the group is there."""
        return bool(self._tops())

    def _tops(self) -> list[Path]:
        tops = [hierarchy / self.root for hierarchy in self.hierarchies]
        return [top for top in tops if top.is_dir()]

    def _has(self, pid: int) -> bool:
        try:
            groups = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            return False
        own = f"/{self.root}"
        return any(line.endswith(own) or f"{own}/" in line for line in groups)


def mounted_hierarchies(mounts: str) -> tuple[Path, ...]:
    """Return the mount points of all hierarchies, read from the text of /proc/self/mounts."""
    entries = [line.split() for line in mounts.splitlines()]
    return tuple(dict.fromkeys(Path(entry[1]) for entry in entries if entry[2] in ("cgroup", "cgroup2")))


def _create(hierarchy: Path, path: str) -> Path:
    group = hierarchy
    for part in path.split("/"):
        parent, group = group, group / part
        group.mkdir(exist_ok=True)
        _pass_controllers_on(parent)
        _inherit_cpuset(parent, group)
    return group


def _pass_controllers_on(parent: Path) -> None:
    # With cgroup v2 a group has only the controllers that its parent passes on.
    if (parent / "cgroup.controllers").exists():
        available = (parent / "cgroup.controllers").read_text().split()
        (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in available))


def _inherit_cpuset(parent: Path, group: Path) -> None:
    # With cgroup v1 a new cpuset is empty, and takes no process before it has processors and memory nodes.
    for name in ("cpuset.cpus", "cpuset.mems"):
        file = group / name
        if (group / "cgroup.clone_children").exists() and file.exists() and not file.read_text().strip():
            file.write_text((parent / name).read_text())


def _remove(group: Path) -> bool:
    if not group.is_dir():
        return True
    try:
        for below in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
            below.rmdir()
        group.rmdir()
    except FileNotFoundError:
        return not group.exists()
    except OSError:
        return False
    return True


def _pids(file: Path) -> list[int]:
    try:
        return [int(line) for line in file.read_text().split()]
    except (FileNotFoundError, OSError):
        return []

"""A node's own world: network, mounts and processes in namespaces that live exactly as long as one process.

That process is the first in its pid namespace. When it is killed the kernel ends every other one in there at
once, containers included, and with the last of them go the network (its end of the cable with it) and every
mount: a node that vanishes, and nothing to clean up but folders and control groups.
"""

import shlex
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness.command import run
from tests.harness.errors import HarnessError
from tests.harness.processes import ProcessIdentity, children_of, last_lines, spawn
from tests.harness.waiting import wait_until

START_SECONDS = 20.0


@dataclass(frozen=True)
class Namespaces:
    """The namespaces of a node, by the process that keeps them."""

    keeper: ProcessIdentity

    def enter(self, command: Sequence[str | Path], *, only: Sequence[str] = ("net", "mount", "pid")) -> list[str]:
        """Return the command that runs `command` in there."""
        flags = [f"--{kind}" for kind in only]
        return ["nsenter", "--target", str(self.keeper.pid), *flags, "--", *(str(word) for word in command)]

    def run_in_network(self, command: Sequence[str | Path], *, stdin: str | None = None) -> str:
        """Run a short command with this network and the host's files; return what it wrote."""
        self._require()
        return run(self.enter(command, only=("net",)), timeout=20, stdin=stdin).stdout

    def run_inside(self, command: Sequence[str | Path], *, timeout: float, hint: str = "") -> str:
        """Run a command with this network and these mounts; return what it wrote."""
        self._require()
        return run(self.enter(command, only=("net", "mount")), timeout=timeout, hint=hint).stdout

    def end(self) -> None:
        """Kill everything in there at once, and return when it is gone."""
        self.keeper.send(signal.SIGKILL)
        # The first process of a pid namespace is gone only after all others are.
        wait_until(lambda: not self.keeper.is_alive(), timeout=30, what=f"namespaces of pid {self.keeper.pid} to end")

    def _require(self) -> None:
        if not self.keeper.is_alive():
            raise HarnessError(f"the namespaces kept by pid {self.keeper.pid} are gone")


def create_namespaces(
    keeper_program: Path,
    *,
    directory: Path,
    log: Path,
    group_files: Sequence[Path],
    binds: Mapping[Path, Path],
) -> Namespaces:
    """Make namespaces whose first process is `keeper_program`, which only reaps the dead.

    `binds` are mounts, from where it is seen inside to where it really is; /run is a fresh tmpfs.
    `directory` is for a marker file.
    """
    marker = directory / "namespaces-are-ready"
    marker.unlink(missing_ok=True)
    for inside, real in binds.items():
        real.mkdir(parents=True, exist_ok=True)
        # A mount point must exist on the machine; an empty folder, which stays.
        inside.mkdir(parents=True, exist_ok=True)
    script = "\n".join(
        [
            "set -e",
            # Containers may ask for mount propagation: it must work in here, and end in here.
            "mount --make-rshared /",
            "mount -t tmpfs -o mode=755 tmpfs /run",
            *(f"mount --bind {shlex.quote(str(real))} {shlex.quote(str(inside))}" for inside, real in binds.items()),
            "ip link set lo up",
            "echo 1 > /proc/sys/net/ipv4/ip_forward",
            f"touch {shlex.quote(str(marker))}",
            f"exec {shlex.quote(str(keeper_program))}",
        ]
    )
    unshare = spawn(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "/bin/sh", "-c", script],
        log=log,
        group_files=group_files,
    )

    def ready_or_dead() -> bool:
        return marker.exists() or not unshare.is_alive()

    wait_until(ready_or_dead, timeout=START_SECONDS, what="new namespaces", interval=0.02)
    keepers = [identity for pid in children_of(unshare.pid) if (identity := ProcessIdentity.of(pid))]
    if not marker.exists() or not keepers:
        raise HarnessError(f"namespaces could not be made\n{last_lines(log)}")
    return Namespaces(keeper=keepers[0])

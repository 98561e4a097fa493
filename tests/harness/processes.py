"""Processes that outlive the command which started them, and how to be sure of hitting the right one."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
# The shell puts itself into its control groups before it turns into the program: whatever happens to the
# command that started it, the program is found there.
_ENTER_AND_EXECUTE = 'for file in $GROUP_FILES; do echo $$ > "$file" || exit 125; done; unset GROUP_FILES; exec "$@"'
# Popen complains when it is forgotten while its child runs. These children are meant to run on.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class ProcessIdentity:
    """A process for as long as it lives: a pid alone is handed out again, with a start time it is not.

    `start_time` is in clock ticks since the machine's boot, as in /proc/<pid>/stat.
    """

    pid: int
    start_time: int

    @classmethod
    def of(cls, pid: int, proc: Path = PROC) -> "ProcessIdentity | None":
        """Return who has this pid now; None when nobody has, or one who is dead but not yet buried."""
        read = _state_and_start_time(pid, proc)
        if read is None or read[0] in "ZX":
            return None
        return cls(pid=pid, start_time=read[1])

    def is_alive(self, proc: Path = PROC) -> bool:
        """Tell whether this very process still runs."""
        return ProcessIdentity.of(self.pid, proc) == self

    def send(self, number: signal.Signals) -> bool:
        """Send a signal to this very process; return whether there was one to send it to."""
        try:
            # The descriptor pins the process: between the check and the signal nobody else can get the pid.
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            if not self.is_alive():
                return False
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    group_files: Sequence[Path] = (),
    environment: Mapping[str, str] | None = None,
) -> ProcessIdentity:
    """Start a program in a session of its own with its output in `log`, and return at once.

    `group_files` are the `cgroup.procs` files of the control groups that it shall be in.
    """
    for child in [child for child in _children if child.poll() is not None]:
        _children.remove(child)
    log.parent.mkdir(parents=True, exist_ok=True)
    variables = {**(environment if environment is not None else os.environ)}
    variables["GROUP_FILES"] = " ".join(str(file) for file in group_files)
    with log.open("ab") as output:
        child = subprocess.Popen(
            ["/bin/sh", "-c", _ENTER_AND_EXECUTE, "sh", *(str(word) for word in command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=variables,
            cwd="/",
            start_new_session=True,
        )
    _children.append(child)
    identity = ProcessIdentity.of(child.pid)
    # Dead already: an identity that matches nobody lets the caller find that out in the usual way.
    return identity or ProcessIdentity(pid=child.pid, start_time=0)


def children_of(pid: int) -> list[int]:
    """Return the pids of a process's children."""
    try:
        return [int(word) for word in (PROC / f"{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def program_pid(identity: ProcessIdentity) -> int:
    """Return the pid to show to people: that of the program, where the process only leads into its namespaces."""
    try:
        name = (PROC / f"{identity.pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return identity.pid
    inside = children_of(identity.pid) if name == "nsenter" else []
    return inside[0] if inside else identity.pid


def last_lines(log: Path, count: int = 15) -> str:
    """Return the end of a log, indented, with its path: what an error message should carry."""
    if not log.exists():
        return f"  (no log at {log})"
    lines = log.read_text(errors="replace").splitlines()[-count:]
    return f"  the end of {log}:\n" + "\n".join(f"    {line}" for line in lines)


def _state_and_start_time(pid: int, proc: Path) -> tuple[str, int] | None:
    try:
        text = (proc / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in brackets and may itself hold blanks and brackets.
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])

"""Proof that a cluster's bring-up may be killed at any point: `python -m tests.harness.crash_check`.

For each of several delays it kills an `up` without notice, brings the same cluster up, runs a pod on it, takes
it down, and compares the machine with how it was before: processes, mounts, network, control groups, files.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import click

from tests.harness.command import run
from tests.harness.errors import HarnessError
from tests.harness.local.control_groups import ControlGroups
from tests.harness.local.network import host_interface
from tests.harness.local.provider import LocalProvider
from tests.harness.local.state import StateFile
from tests.harness.paths import cache_directory, cluster_directory
from tests.harness.progress import say, step
from tests.harness.spec import ClusterSpec, numbered_nodes
from tests.harness.waiting import wait_until

CLUSTER = "crash-check"
NETWORK_INTERFACES = Path("/sys/class/net")
DEFAULT_DELAYS = (0.7, 1.5, 3.0, 5.0, 6.0, 7.0)


def traces() -> frozenset[str]:
    """Return what there is now of the cluster that is checked, and whatever is mounted, each in words."""
    directory, groups, state = cluster_directory(CLUSTER), ControlGroups(CLUSTER), StateFile(CLUSTER).read()
    found = {f"mount {line}" for line in Path("/proc/self/mounts").read_text().splitlines()}
    found |= {f"process {pid} in a control group" for pid in groups.processes()}
    for process in Path("/proc").glob("[0-9]*"):
        if str(directory) in _command_line(process):
            found.add(f"process {process.name}")
    for hierarchy in groups.hierarchies:
        if (hierarchy / groups.root).is_dir():
            found.add(f"control group {hierarchy / groups.root}")
    if directory.exists():
        found.add(f"folder {directory}")
    if state is not None and (NETWORK_INTERFACES / host_interface(state.addresses)).exists():
        found.add(f"interface {host_interface(state.addresses)}")
    return frozenset(found)


def check_one(delay: float) -> None:
    """Kill an `up` after `delay` seconds, then go through a whole life of the cluster."""
    before = traces()
    command = [sys.executable, "-m", "tests.harness", "up", "--provider", "local"]
    with subprocess.Popen(
        [*command, "--name", CLUSTER, "--nodes", "2"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as victim:
        try:
            victim.wait(timeout=delay)
            say(f"    up was done within {delay:g} s: nothing to kill")
        except subprocess.TimeoutExpired:
            os.kill(victim.pid, signal.SIGKILL)
    say(f"    killed after {delay:g} s, leaving {len(traces() - before)} things behind")
    provider = LocalProvider()
    try:
        cluster = provider.up(ClusterSpec(name=CLUSTER, nodes=numbered_nodes(2)))
        cluster.kubectl("run", "proof", "--image=docker.io/prestodb/presto:0.287", "--restart=Never", "--", "true")
        wait_until(
            lambda: cluster.kubectl("get", "pod", "proof", "-o=jsonpath={.status.phase}").stdout == "Succeeded",
            timeout=60,
            what="a pod to run to its end",
        )
        alive = traces()
    finally:
        provider.down(CLUSTER)
    interfaces = [trace.removeprefix("interface ") for trace in alive if trace.startswith("interface ")]
    left = [f"interface {name}" for name in interfaces if (NETWORK_INTERFACES / name).exists()]
    left += sorted(traces() - before)
    if left:
        raise HarnessError("something was left behind:\n" + "\n".join(left))


@click.command()
@click.argument("delays", nargs=-1, type=float)
def main(delays: tuple[float, ...]) -> None:
    """Kill an `up` after each of DELAYS seconds, and check that nothing is the worse for it."""
    run(["test", "-d", cache_directory() / "bin"], timeout=5, hint="fill the cache first: fetch")
    for delay in delays or DEFAULT_DELAYS:
        with step(f"an up that is killed after {delay:g} s"):
            check_one(delay)
    say("every cluster came up, and nothing was left of any")


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


if __name__ == "__main__":
    main()

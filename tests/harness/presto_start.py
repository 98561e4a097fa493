"""How long Presto takes to start: servers of an image as plain processes, without a Kubernetes around them."""

import os
import signal
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.harness.errors import HarnessError
from tests.harness.images import buildah
from tests.harness.images.presto import presto_image
from tests.harness.local.addresses import free_ports
from tests.harness.processes import PROC, ProcessIdentity, children_of, last_lines, spawn
from tests.harness.waiting import wait_until

START_SECONDS = 300.0
POLL_SECONDS = 0.05
# As the operator has it for a small server.
JVM_CONFIG = (
    "-server",
    "-Xmx1024M",
    "-XX:+UseG1GC",
    "-XX:+UseGCOverheadLimit",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djdk.attach.allowAttachSelf=true",
)
PLAIN_OPTIONS = ("-Xshare:off", "-XX:TieredStopAtLevel=4")
"""They undo what the image adds to the release."""
ENVIRONMENT = {
    "PATH": "/opt/java/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "JAVA_HOME": "/opt/java",
    "PRESTO_HOME": "/opt/presto-server",
}
# The server is process 1 of process and mount namespaces of its own: it ends with the process that made them.
ENTER = 'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'


@dataclass(frozen=True)
class Start:
    """A server's start: seconds until it says that it has started, CPU seconds until then, peak memory in bytes.

    `shares_classes`: whether it has mapped the class archive of its image.
    """

    seconds: float
    cpu_seconds: float
    memory_bytes: int
    shares_classes: bool


def measure_starts(version: str, count: int, jvm_options: Sequence[str], logs: Path) -> list[Start]:
    """Start `count` servers at the same time, the first as coordinator, the others as its workers; then end them."""
    reference = presto_image(version).reference
    ports = free_ports(count)
    with ExitStack() as servers, ThreadPoolExecutor(max_workers=count) as pool:
        roots = [servers.enter_context(buildah.mounted(reference)) for _ in range(count)]
        for number, root in enumerate(roots):
            _configure(root, ports, number, jvm_options)
        return list(
            pool.map(
                lambda number: _measured_start(
                    roots[number], ports[number], logs / f"presto-start-{number}.log", servers
                ),
                range(count),
            )
        )


def _configure(root: Path, ports: Sequence[int], number: int, jvm_options: Sequence[str]) -> None:
    role = (
        ["coordinator=true", "discovery-server.enabled=true", "node-scheduler.include-coordinator=false"]
        if number == 0
        else ["coordinator=false"]
    )
    files = {
        "etc/hosts": ["127.0.0.1 localhost", f"127.0.0.1 {socket.gethostname()}"],
        "etc/presto/config.properties": [
            *role,
            f"discovery.uri=http://localhost:{ports[0]}",
            f"http-server.http.port={ports[number]}",
        ],
        "etc/presto/jvm.config": [*JVM_CONFIG, *jvm_options],
        "etc/presto/node.properties": ["node.environment=start", f"node.id=server-{number}", "node.data-dir=/data"],
        "etc/presto/catalog/tpch.properties": ["connector.name=tpch"],
    }
    for name, lines in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("\n".join(lines) + "\n")


def _measured_start(root: Path, port: int, log: Path, servers: ExitStack) -> Start:
    """Start a server, and leave it to `servers` to end it: one that is ready keeps running beside the others."""
    log.unlink(missing_ok=True)
    launcher = ["/opt/presto-server/bin/launcher", "--etc-dir", "/etc/presto", "run"]
    command: list[str | Path] = [
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        ENTER,
        root,
        *launcher,
    ]
    begun = time.monotonic()
    process = spawn(command, log=log, environment=ENVIRONMENT)
    servers.callback(_end, process)
    wait_until(
        lambda: _has_started(port) or not process.is_alive(),
        timeout=START_SECONDS,
        what="Presto to start",
        interval=POLL_SECONDS,
    )
    seconds = time.monotonic() - begun
    if not process.is_alive():
        raise HarnessError(f"Presto ended instead of starting\n{last_lines(log)}")
    return _measured(children_of(process.pid)[0], seconds)


def _end(process: ProcessIdentity) -> None:
    inside = [ProcessIdentity.of(pid) for pid in children_of(process.pid)]
    process.send(signal.SIGKILL)
    wait_until(lambda: not any(each and each.is_alive() for each in inside), timeout=30, what="Presto to end")


def _has_started(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/v1/info", timeout=5).json()["starting"] is False
    except requests.RequestException:
        return False


def _measured(pid: int, seconds: float) -> Start:
    fields = (PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in (PROC / f"{pid}/status").read_text().splitlines() if ":" in line)
    return Start(
        seconds=seconds,
        cpu_seconds=(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
        memory_bytes=int(status["VmHWM"].split()[0]) * 1024,
        shares_classes="classes.jsa" in (PROC / f"{pid}/maps").read_text(),
    )

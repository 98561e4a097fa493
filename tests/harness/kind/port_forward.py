"""A Service of a cluster behind a port of this machine."""

import os
import re
import selectors
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.harness.errors import HarnessError

START_SECONDS = 30.0
FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


def port_forward_command(kubectl: Path, kubeconfig: Path, namespace: str, name: str, port: int) -> list[str]:
    """Return the command; it chooses a free port and prints it."""
    return [
        str(kubectl),
        f"--kubeconfig={kubeconfig}",
        "port-forward",
        "--address=127.0.0.1",
        f"--namespace={namespace}",
        f"service/{name}",
        f":{port}",
    ]


@contextmanager
def forwarded(command: Sequence[str]) -> Iterator[str]:
    """Run a port forward while inside, and yield the base URL that leads through it."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield f"http://127.0.0.1:{_chosen_port(process)}"
        finally:
            process.terminate()


def _chosen_port(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    deadline, said = time.monotonic() + START_SECONDS, ""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0 and selector.select(left):
            chunk = os.read(process.stdout.fileno(), 4096)
            said += chunk.decode(errors="replace")
            found = FORWARDING.search(said)
            if found:
                return int(found[1])
            if not chunk:
                break
    raise HarnessError(f"kubectl port-forward did not begin to forward; it said:\n{said}")

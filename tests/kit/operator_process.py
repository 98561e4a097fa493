"""The operator as a process of this machine, as a developer runs it on a laptop."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import requests

from tests.harness.waiting import wait_until
from tests.kit.samples import sample_sum


class OperatorProcess:
    """`presto-operator run` against a kubeconfig."""

    def __init__(self, kubeconfig: Path, log: Path) -> None:
        self._kubeconfig = kubeconfig
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def start(self) -> None:
        """Start it and wait until it has seen everything."""
        self.port = _free_port()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [Path(sys.executable).parent / "presto-operator", "run", "--metrics-port", str(self.port)],
                env={**os.environ, "KUBECONFIG": str(self._kubeconfig)},
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_ready, timeout=60, what=f"the operator (log: {self._log})")

    def stop(self) -> None:
        """End it as Kubernetes would."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def kill(self) -> None:
        """End it as a lost node would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=30)
        self._process = None

    def log(self) -> str:
        """What it has logged so far."""
        return self._log.read_text()

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that carry these labels; 0 if there is none."""
        return sample_sum(self._get("/metrics").text, name, **labels)

    def status_of(self, path: str) -> int:
        """The HTTP status code of a path."""
        return self._get(path).status_code

    def _get(self, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=5)

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the operator has ended: {self.log()[-2000:]}"
        try:
            return self.status_of("/readyz") == 200
        except requests.ConnectionError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""The operator as a process of this machine, as a developer runs it on a laptop."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.harness.waiting import wait_until

_PORTS = range(20_000, 30_000)
"""Below those that the kernel gives to connections of its own choice."""


class RunningOperator:
    """An operator that runs, by what it serves over HTTP."""

    def __init__(self, port: int) -> None:
        self.port = port

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that carry these labels; 0 if there is none."""
        return metric_sum(self._get("/metrics").text, name, **labels)

    def status_of(self, path: str) -> int:
        """The HTTP status code of a path."""
        return self._get(path).status_code

    def _get(self, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=5)


class OperatorProcess(RunningOperator):
    """`presto-operator run` against a kubeconfig. It doesn't outlive the process that has started it."""

    def __init__(self, kubeconfig: Path, log: Path, *options: str) -> None:
        super().__init__(port=0)
        self._kubeconfig = kubeconfig
        self._log = log
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it has seen everything."""
        self.port = _free_port()
        program = Path(sys.executable).parent / "presto-operator"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_end_with_parent(), program, "run", f"--metrics-port={self.port}", *self._options],
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

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the operator has ended: {self.log()[-2000:]}"
        try:
            return self.status_of("/readyz") == 200
        except requests.ConnectionError:
            return False


def metric_sum(text: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples in Prometheus' text format that carry these labels; 0 if there is none."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def _end_with_parent() -> list[str]:
    # Without this, killed tests would leave operators behind. Linux only.
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig=KILL"] if setpriv else []


_offset = itertools.count(os.getpid() * 50)
"""Processes that look for a port at the same time begin at different ones."""


def _free_port() -> int:
    for _ in _PORTS:
        port = _PORTS[next(_offset) % len(_PORTS)]
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port from {_PORTS.start} to {_PORTS.stop - 1} is free")

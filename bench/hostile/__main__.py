"""`python -m bench.hostile`: the real operator among tenants who mean harm."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.hostile.scenarios import SCENARIOS, Scenario

_ROOT = Path(__file__).resolve().parents[2]
_SETTLE_SECONDS = 120.0
_GOALS = (300.0, 0.2, 1.0)


@dataclass(frozen=True)
class Result:
    """What a scenario cost."""

    scenario: Scenario
    peak_megabytes: float
    stall_seconds: float
    computing_seconds: float
    """The most CPU time that the event loop took without a turn: what of the stall isn't due to a busy machine."""
    reclaim_seconds: float | None
    """The longest delay of a reclaim; None if one was not acted on at all."""
    has_died: bool


@contextmanager
def _process(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as errors:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _port(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.loads(response.read() or b"{}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _peak_megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


def measure(scenario: Scenario, operator: Path, reclaims: int, folder: Path) -> Result:
    """Run the operator through a scenario."""
    ours = {**os.environ, "PYTHONPATH": f"{_ROOT / 'operator'}:{_ROOT}"}
    theirs = {**ours, "PYTHONPATH": f"{operator}:{_ROOT}", "KUBECONFIG": str(folder / "config")}
    with ExitStack() as stack:
        python = [sys.executable, "-m"]
        command = [*python, "bench.hostile.api_server", scenario.name]
        api = f"http://127.0.0.1:{_port(stack.enter_context(_process(command, ours, folder / 'api.log')))}"
        command = [*python, "bench.hostile.presto", scenario.presto, str(scenario.megabytes)]
        presto_port = _port(stack.enter_context(_process(command, ours, folder / "presto.log")))
        _write_kubeconfig(folder / "config", api)
        figures = folder / "figures"
        command = [*python, "bench.hostile.operator_process", "--figures", str(figures)]
        command += ["--presto-port", str(presto_port), "--metrics-port", str(_free_port())]
        process = stack.enter_context(_process(command, theirs, folder / "operator.log"))
        _settle(api, process)
        _get(f"{api}/bench/prepare")
        _settle(api, process)
        process.send_signal(signal.SIGUSR1)
        _get(f"http://127.0.0.1:{presto_port}/bench/on")
        _get(f"{api}/bench/begin")
        time.sleep(5)
        peak = 0.0
        for _ in range(reclaims):
            _get(f"{api}/bench/reclaim")
            for _ in range(8):
                time.sleep(0.5)
                peak = max(peak, _peak_megabytes(process.pid))
        state = _get(f"{api}/bench/state")
        delay = None if state["pending"] or not state["delays"] else max(state["delays"])
        return Result(scenario, peak, *_stalls(figures), delay, process.poll() is not None)


def _stalls(figures: Path) -> tuple[float, float]:
    stall, computing = figures.read_text().split()
    return float(stall), float(computing)


def _settle(api: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SETTLE_SECONDS
    while not _get(f"{api}/bench/state")["settled"]:
        assert process.poll() is None, "the operator has ended; its log says why"
        assert time.monotonic() < deadline, "the clusters don't get ready; the operator's log says why"
        time.sleep(0.5)
    time.sleep(2)


def _write_kubeconfig(path: Path, api: str) -> None:
    named = {"name": "bench", "cluster": {"server": api}}
    context = {"name": "bench", "context": {"cluster": "bench", "user": "bench"}}
    user = {"name": "bench", "user": {"token": "bench"}}
    config = {"apiVersion": "v1", "kind": "Config", "clusters": [named], "contexts": [context], "users": [user]}
    path.write_text(json.dumps({**config, "current-context": "bench"}))


def _row(result: Result) -> str:
    memory, stall, delay = _GOALS
    reclaim = "never" if result.reclaim_seconds is None else f"{result.reclaim_seconds:.2f} s"
    is_good = result.peak_megabytes <= memory and result.stall_seconds <= stall and not result.has_died
    is_good = is_good and result.reclaim_seconds is not None and result.reclaim_seconds <= delay
    figures = (
        f"{result.peak_megabytes:7.0f} MB {result.stall_seconds:9.2f} s {result.computing_seconds:9.2f} s {reclaim:>9}"
    )
    return f"{result.scenario.title:42}{figures}   {'ok' if is_good else 'DIED' if result.has_died else 'missed'}"


def main() -> None:
    """Run the scenarios, one after the other, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description=__doc__)
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--only", action="append", choices=names, help="may be given several times")
    parser.add_argument("--operator", type=Path, default=_ROOT / "operator", help="the folder of another checkout")
    parser.add_argument("--reclaims", type=int, default=3, choices=range(1, 6))
    arguments = parser.parse_args()
    print(f"{'':42}{'peak memory':>10} {'stall':>9} {'its CPU time':>14} {'reclaim':>9}")
    print(f"{'goal':42}{_GOALS[0]:7.0f} MB {_GOALS[1]:9.2f} s {'':14} {_GOALS[2]:7.2f} s", flush=True)
    for scenario in SCENARIOS:
        if arguments.only is None or scenario.name in arguments.only:
            with tempfile.TemporaryDirectory() as folder:
                print(
                    _row(measure(scenario, arguments.operator.resolve(), arguments.reclaims, Path(folder))), flush=True
                )


if __name__ == "__main__":
    main()

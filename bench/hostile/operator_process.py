"""The real operator, as it runs in a pod, but for the names of Services: all of them are one loopback address.

It knows of the code only `run` and `KubernetesClient`, so it can be run with another checkout, too.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

from presto_operator.controller import run
from presto_operator.kube import KubernetesClient

_BEAT_SECONDS = 0.01
_look_up = socket.getaddrinfo


class Heart:
    """The longest time that the event loop did not turn."""

    def __init__(self, figures: Path) -> None:
        self._figures = figures
        self._last = time.monotonic()
        self._longest = 0.0
        self._last_cpu = 0.0
        self._longest_cpu = 0.0

    def reset(self) -> None:
        """Forget what was measured so far."""
        self._longest, self._last = 0.0, time.monotonic()
        self._longest_cpu, self._last_cpu = 0.0, time.thread_time()

    async def beat(self) -> None:
        """Show that the loop turns."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            now = time.monotonic()
            self._longest = max(self._longest, now - self._last - _BEAT_SECONDS)
            self._last = now
            cpu = time.thread_time()
            self._longest_cpu = max(self._longest_cpu, cpu - self._last_cpu)
            self._last_cpu = cpu

    def watch(self) -> None:
        """Write down the longest time, count one that hasn't ended yet, and the most CPU time between two turns."""
        while True:
            time.sleep(0.2)
            stall = max(self._longest, time.monotonic() - self._last - _BEAT_SECONDS)
            written = self._figures.with_suffix(".new")
            written.write_text(f"{stall} {self._longest_cpu}")
            written.rename(self._figures)


def _patch(presto_port: int) -> None:
    def look_up(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        if str(host).rstrip(".").endswith(".svc"):
            host, port = "127.0.0.1", presto_port
        return _look_up(host, port, *arguments, **named)

    socket.getaddrinfo = look_up
    connect = KubernetesClient.connect

    async def connect_as_in_a_pod() -> KubernetesClient:
        client = await connect()
        client.in_cluster = True
        return client

    KubernetesClient.connect = connect_as_in_a_pod  # type: ignore[method-assign]


async def _main(arguments: argparse.Namespace) -> None:
    heart = Heart(arguments.figures)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, heart.reset)
    threading.Thread(target=heart.watch, daemon=True).start()
    beating = asyncio.create_task(heart.beat())
    await run(metrics_port=arguments.metrics_port)
    beating.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--presto-port", type=int)
    parser.add_argument("--metrics-port", type=int)
    parser.add_argument("--figures", type=Path)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    _patch(given.presto_port)
    asyncio.run(_main(given))

"""`python -m bench.polling`: many coordinators on loopback, one operator's poller, and how far it falls behind."""

from __future__ import annotations

import argparse
import asyncio
import logging
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bench.percentile import percentile
from bench.polling.servers import PORT, address
from presto_operator.kube import ClusterKey, KubernetesClient
from presto_operator.polling.presto_client import PrestoClient
from presto_operator.polling.presto_poller import PrestoPoller, Subject
from presto_operator.polling.presto_transport import PrestoReader
from presto_operator.presto.server import Server
from presto_operator.settings import DEFAULTS
from presto_operator.telemetry import metrics

_POLL_INTERVAL = DEFAULTS.presto_poll_interval


class LoopbackReader(PrestoReader):
    """Finds each cluster's coordinator and workers at a loopback address of their own."""

    def __init__(self, client: KubernetesClient) -> None:
        self._loopback = PrestoClient()
        super().__init__(client, self._loopback)

    async def get_of_service(self, namespace: str, service: str, path: str) -> Any:  # noqa: ARG002 - the base class's
        """The JSON that the coordinator of this number answers."""
        return await self._loopback.get(f"http://{address(int(service))}:{PORT}{path}")

    async def get_of_server(self, server: Server, path: str) -> Any:
        """The JSON that a worker answers."""
        return await self._loopback.get(f"http://{server.address}:{PORT}{path}")


@dataclass
class Measured:
    """What the polls took, by what the poller itself tells its metrics."""

    lags: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def listen(self) -> None:
        """Keep each value beside the histograms, whose buckets are too coarse for a percentile."""
        metrics.presto_poll_lag.observe = self.lags.append  # type: ignore[method-assign,assignment]
        measure = self.seconds

        class Timer:
            def __enter__(self) -> None:
                self.started = time.perf_counter()

            def __exit__(self, *_: object) -> None:
                measure.append(time.perf_counter() - self.started)

        metrics.presto_poll_seconds.time = Timer  # type: ignore[method-assign,assignment]

    def clear(self) -> None:
        """Forget what was measured so far."""
        self.lags.clear()
        self.seconds.clear()


async def measure(clusters: int, workers: int, hanging: int, seconds: float) -> None:
    """Poll them for a while and print what it took."""
    client = KubernetesClient.__new__(KubernetesClient)
    client.in_cluster = True
    poller = PrestoPoller(LoopbackReader(client), lambda _: None, lambda: datetime.now(UTC), _POLL_INTERVAL)
    measured = Measured()
    measured.listen()
    numbers = list(range(clusters))
    # As an operator meets them: eight passes at a time, each of which waits for its first answer.
    await asyncio.gather(*(_meet(poller, numbers, workers) for _ in range(8)))
    await asyncio.sleep(_POLL_INTERVAL.total_seconds())
    measured.clear()
    before, started = _cpu_seconds(), time.perf_counter()
    await asyncio.sleep(seconds)
    elapsed, cpu = time.perf_counter() - started, _cpu_seconds() - before
    answered = sum(1 for number in range(clusters) if poller.last_answer(ClusterKey("bench", str(number))) is not None)
    polls = len(measured.lags)
    print(f"clusters                     {clusters}, {hanging} of them hang; {workers} workers each")
    print(f"polls                        {polls} in {elapsed:.0f} s: {polls / elapsed:.1f} a second", end="")
    print(f" (due: {clusters / _POLL_INTERVAL.total_seconds():.1f})")
    print(f"clusters that answered       {answered} of {clusters - hanging}")
    print(f"lag of a poll                p50 {_ms(measured.lags, 50)}, p99 {_ms(measured.lags, 99)}", end="")
    print(f", longest {_ms(measured.lags, 100)}")
    print(f"time of a poll               p50 {_ms(measured.seconds, 50)}, p99 {_ms(measured.seconds, 99)}")
    print(f"CPU of the poller            {100 * cpu / elapsed:.0f} % of one core")
    await poller.close()


async def _meet(poller: PrestoPoller, numbers: list[int], workers: int) -> None:
    while numbers:
        number = numbers.pop()
        key = ClusterKey("bench", str(number))
        servers = tuple(Server("bench", f"{number}-{worker}", address(number)) for worker in range(workers))
        poller.watch(key, Subject(servers, is_scaled_by_load=True))
        await poller.newest(key)


def _ms(values: list[float], percent: int) -> str:
    found = percentile(values, percent)
    return "none" if found is None else f"{1000 * found:.0f} ms"


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Start the servers in a process of their own, and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.polling", description=__doc__)
    parser.add_argument("--clusters", type=int, default=500)
    parser.add_argument("--workers", type=int, default=10, help="workers a cluster whose CPU use is asked for")
    parser.add_argument("--hanging", type=int, default=0, help="coordinators that take a connection and never answer")
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    command = [sys.executable, "-m", "bench.polling.servers", "--hanging", str(arguments.hanging)]
    servers = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert servers.stdout is not None
        assert servers.stdout.readline() == b"ready\n", "the servers don't start"
        asyncio.run(measure(arguments.clusters, arguments.workers, arguments.hanging, arguments.seconds))
    finally:
        servers.terminate()
        servers.wait(timeout=10)


if __name__ == "__main__":
    main()

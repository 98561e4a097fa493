"""`python -m bench.polling`: many coordinators on loopback, one operator's poller, and how far it falls behind."""

from __future__ import annotations

import argparse
import asyncio
import logging
import resource
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from bench.percentile import percentile
from bench.polling.servers import PORT, address
from presto_operator.kube import ClusterKey
from presto_operator.polling import Pace, PrestoClient, PrestoPoller, Subject, steady_pace
from presto_operator.presto import Question, Server
from presto_operator.settings import DEFAULTS

Answer = TypeVar("Answer")

_POLL_INTERVAL = DEFAULTS.presto_poll_interval


class LoopbackPresto:
    """Each cluster's coordinator and workers, at a loopback address of their own."""

    def __init__(self) -> None:
        self._client = PrestoClient()

    async def get_of_service(self, namespace: str, service: str, question: Question[Answer]) -> Answer:  # noqa: ARG002 - Presto's signature
        """What the coordinator of this number answers."""
        return await self._client.get(f"http://{address(int(service))}:{PORT}{question.path}", question)

    async def get_of_server(self, server: Server, question: Question[Answer]) -> Answer:
        """What a worker answers."""
        return await self._client.get(f"http://{server.address}:{PORT}{question.path}", question)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


@dataclass
class Measured:
    """How late the polls were and how long they took. The operator's histograms are too coarse for a percentile."""

    lags: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def timed(self, pace: Pace) -> Pace:
        """The same pace, of which each poll is measured."""

        async def timed(key: ClusterKey) -> AsyncGenerator[float, None]:
            async with aclosing(pace(key)) as polls:
                async for lag in polls:
                    self.lags.append(lag)
                    started = time.perf_counter()
                    yield lag
                    self.seconds.append(time.perf_counter() - started)

        return timed

    def clear(self) -> None:
        """Forget what was measured so far."""
        self.lags.clear()
        self.seconds.clear()


async def measure(clusters: int, workers: int, hanging: int, seconds: float) -> None:
    """Poll them for a while and print what it took."""
    presto = LoopbackPresto()
    measured = Measured()
    pace = measured.timed(steady_pace(_POLL_INTERVAL))
    poller = PrestoPoller(presto, lambda _: None, lambda: datetime.now(UTC), pace)
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
    await presto.close()


async def _meet(poller: PrestoPoller, numbers: list[int], workers: int) -> None:
    while numbers:
        number = numbers.pop()
        key = ClusterKey("bench", str(number))
        servers = tuple(Server("bench", f"{number}-{worker}", address(number)) for worker in range(workers))
        poller.watch(key, Subject(servers, is_scaled_by_load=True))
        await poller.first_poll(key)


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

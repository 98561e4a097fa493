"""Asking Presto for its numbers, beside the passes: a Presto that hangs holds up nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zlib import crc32

from presto_operator.kube import ClusterKey
from presto_operator.polling.presto_load import WorkerCpu, ask_coordinator
from presto_operator.polling.presto_transport import PrestoReader
from presto_operator.presto.poll import Poll
from presto_operator.presto.server import Server
from presto_operator.presto.stats import PrestoUnavailableError
from presto_operator.telemetry import metrics

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """What is to be asked about a cluster, and what for."""

    workers: tuple[Server, ...] = ()
    """Workers whose CPU use matters."""
    is_scaled_by_load: bool = False
    """Whether a change of the load is worth a pass at once."""


@dataclass
class _Watch:
    """A cluster that is polled again and again."""

    subject: Subject
    cpu: WorkerCpu
    task: asyncio.Task[None] | None = None
    was_polled: asyncio.Event = field(default_factory=asyncio.Event)
    newest: Poll | None = None
    """The last answer; None: the last poll had none."""
    last_answer: Poll | None = None
    """The last answer, however old."""


class PrestoPoller:
    """The newest numbers of each cluster; None where the coordinator could not be asked."""

    def __init__(
        self,
        reader: PrestoReader,
        on_change: Callable[[ClusterKey], None],
        clock: Callable[[], datetime],
        interval: timedelta,
    ) -> None:
        """`on_change` is called for a cluster whose numbers have changed so much that it is to be looked at now.

        Each cluster is asked once in `interval`.
        """
        self.reader = reader
        self._on_change = on_change
        self._clock = clock
        self._interval = interval.total_seconds()
        self._watches: dict[ClusterKey, _Watch] = {}

    def watch(self, key: ClusterKey, subject: Subject) -> None:
        """Ask a cluster about just this from now on."""
        watch = self._watches.setdefault(key, _Watch(subject, WorkerCpu(self.reader)))
        watch.subject = subject
        if watch.task is None or watch.task.done():
            watch.task = asyncio.create_task(self._keep_polling(key, watch))

    async def newest(self, key: ClusterKey) -> Poll | None:
        """What the cluster's Presto said last; None if it could not be asked, or isn't watched.

        Only the very first answer is waited for (for seconds at most: each way to ask has a timeout): an operator that
        was restarted shall not report that it knows nothing.
        """
        watch = self._watches.get(key)
        if watch is None:
            return None
        await watch.was_polled.wait()
        return watch.newest

    def last_answer(self, key: ClusterKey) -> Poll | None:
        """The last that the cluster's Presto said, however old it is; what has not been asked yet isn't waited for."""
        watch = self._watches.get(key)
        return None if watch is None else watch.last_answer

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster whose coordinator can't be asked, or that is no more."""
        watch = self._watches.pop(key, None)
        if watch is not None:
            watch.was_polled.set()
            if watch.task is not None:
                watch.task.cancel()

    async def close(self) -> None:
        """Ask no more at all."""
        tasks = [watch.task for watch in self._watches.values() if watch.task is not None]
        for key in list(self._watches):
            self.forget(key)
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.reader.close()

    async def _keep_polling(self, key: ClusterKey, watch: _Watch) -> None:
        """Poll at a steady pace, with a phase of its own: clusters that were met together are not asked together."""
        due = _now()
        phase = self._interval * crc32(str(key).encode()) / 2**32
        while True:
            metrics.presto_poll_lag.observe(max(0.0, _now() - due))
            with metrics.presto_poll_seconds.time():
                await self._poll(key, watch)
            due += self._interval + phase
            phase = 0.0
            # What took longer than a period is not made up for.
            due = max(due, _now())
            await self._wait_until(due)

    async def _wait_until(self, due: float) -> None:
        await asyncio.sleep(due - _now())

    async def _poll(self, key: ClusterKey, watch: _Watch) -> None:
        before = watch.newest
        was_polled = watch.was_polled.is_set()
        try:
            watch.newest = watch.last_answer = await self._ask(key, watch)
        except PrestoUnavailableError as error:
            watch.newest = None
            metrics.presto_poll_errors.labels(key.namespace, key.name).inc()
            if before is not None or not was_polled:
                _logger.warning("%s: Presto can't be asked: %s", key, error)
        except Exception:
            # A defect of ours must not end the polls, nor be taken for an answer.
            watch.newest = None
            _logger.exception("%s: Presto can't be asked", key)
        watch.was_polled.set()
        if was_polled and _is_news(before, watch.newest, watch.subject):
            self._on_change(key)

    async def _ask(self, key: ClusterKey, watch: _Watch) -> Poll:
        at = self._clock()
        stats, _ = await asyncio.gather(ask_coordinator(self.reader, key), watch.cpu.ask(watch.subject.workers))
        return Poll(at, stats, watch.cpu.mean_percent, watch.cpu.workers)


def _is_news(before: Poll | None, now: Poll | None, subject: Subject) -> bool:
    """Whether a cluster is to be looked at now; it is looked at every few seconds anyway."""
    if before is None or now is None:
        return before is not now
    if subject.is_scaled_by_load and before.stats != now.stats:
        return True
    return (before.stats.active_workers == 0) != (now.stats.active_workers == 0)


def _now() -> float:
    return asyncio.get_running_loop().time()

"""Polling coordinators for their load, beside the passes: one that hangs delays no other cluster."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime

from presto_operator.kube import ClusterKey
from presto_operator.polling.pace import Pace
from presto_operator.polling.presto_load import WorkerCpu, ask_coordinator
from presto_operator.polling.presto_transport import Presto
from presto_operator.polling.seldom import SeldomAsked
from presto_operator.presto import ClusterLoad, PrestoAnswerTooLargeError, PrestoUnavailableError, Server
from presto_operator.telemetry import metrics

_logger = logging.getLogger(__name__)

_WHAT = "load"


@dataclass(frozen=True)
class Subject:
    """What is asked about a cluster, and what for."""

    workers: tuple[Server, ...] = ()
    """The workers that are asked for their CPU use."""
    is_scaled_by_load: bool = False
    """Whether a changed load needs a pass at once."""


@dataclass
class _PolledCluster:
    """A cluster that is polled, and what came back."""

    subject: Subject
    cpu: WorkerCpu
    task: asyncio.Task[None] | None = None
    was_polled: asyncio.Event = field(default_factory=asyncio.Event)
    newest: ClusterLoad | None = None
    """The answer to the last poll; None if it failed."""
    last_answer: ClusterLoad | None = None
    """The last answer, however old."""


class PrestoPoller:
    """The load of each cluster as its coordinator last reported it."""

    def __init__(
        self,
        presto: Presto,
        on_change: Callable[[ClusterKey], None],
        clock: Callable[[], datetime],
        pace: Pace,
        seldom: SeldomAsked | None = None,
    ) -> None:
        """A poller that polls nothing yet.

        Args:
            presto: the servers; the poller does not close it.
            on_change: called for a cluster whose first poll has ended, or whose numbers have changed so much that it
                needs a pass at once.
            clock: the time that an answer is stamped with.
            pace: when each cluster is polled.
            seldom: which clusters are not polled for the moment.
        """
        self._presto = presto
        self._on_change = on_change
        self._clock = clock
        self._pace = pace
        self._seldom = seldom or SeldomAsked()
        self._watches: dict[ClusterKey, _PolledCluster] = {}

    def watch(self, key: ClusterKey, subject: Subject) -> None:
        """Poll a cluster, and ask it about `subject`, from now on."""
        watch = self._watches.setdefault(key, _PolledCluster(subject, WorkerCpu(self._presto)))
        watch.subject = subject
        if watch.task is None or watch.task.done():
            watch.task = asyncio.create_task(self._keep_polling(key, watch))

    def was_polled(self, key: ClusterKey) -> bool:
        """Whether a cluster was polled since it is watched, with or without an answer."""
        watch = self._watches.get(key)
        return watch is not None and watch.was_polled.is_set()

    def newest(self, key: ClusterKey) -> ClusterLoad | None:
        """The answer to the last poll of a cluster; None if that failed, or if the cluster wasn't polled yet."""
        watch = self._watches.get(key)
        return None if watch is None else watch.newest

    async def first_poll(self, key: ClusterKey) -> None:
        """Wait until the first poll of a cluster that is watched has ended; it takes seconds if there is no answer."""
        await self._watches[key].was_polled.wait()

    def last_answer(self, key: ClusterKey) -> ClusterLoad | None:
        """The last answer of a cluster, however old it is; None if there is none yet."""
        watch = self._watches.get(key)
        return None if watch is None else watch.last_answer

    def forget(self, key: ClusterKey) -> None:
        """Poll a cluster no longer, because its coordinator isn't ready or because it was deleted."""
        watch = self._watches.pop(key, None)
        if watch is not None:
            watch.was_polled.set()
            if watch.task is not None:
                watch.task.cancel()

    async def close(self) -> None:
        """Stop all polls."""
        tasks = [watch.task for watch in self._watches.values() if watch.task is not None]
        for key in list(self._watches):
            self.forget(key)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_polling(self, key: ClusterKey, watch: _PolledCluster) -> None:
        async with aclosing(self._pace(key)) as pace:
            async for lag in pace:
                metrics.presto_poll_lag.observe(lag)
                with metrics.presto_poll_seconds.time():
                    await self._poll(key, watch)

    async def _poll(self, key: ClusterKey, watch: _PolledCluster) -> None:
        before, was_polled = watch.newest, watch.was_polled.is_set()
        watch.newest = None if self._seldom.rests(key, _WHAT) else await self._answer(key, watch)
        watch.last_answer = watch.newest or watch.last_answer
        watch.was_polled.set()
        if not was_polled or _is_news(before, watch.newest, watch.subject):
            self._on_change(key)

    async def _answer(self, key: ClusterKey, watch: _PolledCluster) -> ClusterLoad | None:
        try:
            load = await self._ask(key, watch)
        except PrestoUnavailableError as error:
            if isinstance(error, PrestoAnswerTooLargeError):
                self._seldom.too_large(key, _WHAT, error)
            metrics.presto_poll_errors.labels(key.namespace, key.name).inc()
            if watch.newest is not None or not watch.was_polled.is_set():
                _logger.warning("%s: Presto can't be polled: %s", key, error)
            return None
        except Exception:
            # A bug of ours must neither end the polls nor pass for an answer.
            _logger.exception("%s: Presto can't be polled", key)
            return None
        self._seldom.answered(key, _WHAT)
        return load

    async def _ask(self, key: ClusterKey, watch: _PolledCluster) -> ClusterLoad:
        at = self._clock()
        load, _ = await asyncio.gather(ask_coordinator(self._presto, key, at), watch.cpu.ask(watch.subject.workers))
        return replace(load, worker_cpu_percent=watch.cpu.mean_percent, workers_with_cpu=watch.cpu.workers)


def _is_news(before: ClusterLoad | None, now: ClusterLoad | None, subject: Subject) -> bool:
    """Whether a cluster needs a pass now, rather than when its next one is due anyway."""
    if before is None or now is None:
        return before is not now
    if subject.is_scaled_by_load and _counts(before) != _counts(now):
        return True
    return (before.active_workers == 0) != (now.active_workers == 0)


def _counts(load: ClusterLoad) -> tuple[int, ...]:
    """The numbers that a decision depends on: not when they were asked for, nor the CPU use, which always changes."""
    return load.running, load.blocked, load.queued, load.waiting, load.held_back, load.active_workers

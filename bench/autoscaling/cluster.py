"""A cluster that is played: workers that take time to come and to go, and queries that share them."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bench.autoscaling.load import DAY, Query

NODE_START = 120.0
PRESTO_START = 40.0
STARTUP = NODE_START + PRESTO_START
"""Seconds from the decision for a worker to its first task."""
GRACE = 20.0
"""Seconds that a leaving worker waits beside its tasks: drain.gracePeriod, twice."""
SLOTS = 4
"""Queries that a worker runs at the same time; a query that finds too few slots waits."""
_LEAST_SHARE = 4
"""A query starts with a quarter of the workers that it can use, not with fewer."""
_BACKGROUND_CPU = 0.02


@dataclass(eq=False)
class Worker:
    """One worker, from the decision for it to the end of its node."""

    number: int
    ordered_at: float
    ready_at: float
    is_active: bool = False
    left_at: float | None = None
    tasks: dict[int, Running] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """Share of its processors that is busy."""
        return min(1.0, _BACKGROUND_CPU + sum(running.query.cpu for running in self.tasks.values()))


@dataclass(eq=False)
class Running:
    """A query that runs."""

    number: int
    query: Query
    remaining: float
    """Seconds of workers that are left to do."""
    workers: list[Worker] = field(default_factory=list)
    rate: float = 0.0
    """Workers' seconds that it gets a second."""


@dataclass(frozen=True)
class View:
    """What whoever decides sees."""

    now: float
    running: int
    queued: int
    active: int
    """Workers that serve and don't leave."""
    wanted: int
    """Those that start included."""
    cpu_percent: float | None
    """Mean use of the active workers since the last look; None: there was none."""


class Scaler(Protocol):
    """Whoever decides how many workers there shall be."""

    @property
    def interval(self) -> float:
        """Seconds from one look to the next."""

    @property
    def takes_least_busy(self) -> bool:
        """Whether it chooses the worker that leaves. Else Kubernetes does, which takes the newest."""

    @property
    def initial(self) -> int:
        """Workers at midnight."""

    def workers(self, view: View) -> int:
        """How many workers there shall be now."""


@dataclass(frozen=True)
class Moment:
    """The cluster at one moment."""

    at: float
    paid: int
    """Workers whose node is paid for: those that start and those that leave included."""
    demand: int
    """Workers that the queries of the moment could use."""


@dataclass(frozen=True)
class Outcome:
    """What came of a day."""

    node_hours: float
    queue_waits: tuple[float, ...]
    """Seconds that each query waited for its first worker."""
    delays: tuple[float, ...]
    """Seconds that each query took longer than on as many workers as it can use, its wait included."""
    scale_ups: int
    scale_downs: int
    hit: int
    """Queries that had tasks on a worker as it was told to leave: they live because it drains."""
    timeline: tuple[Moment, ...]


def simulated(load: Sequence[Query], scaler: Scaler) -> Outcome:
    """A day of this load on a cluster that this scaler scales."""
    return _Day(load, scaler).outcome()


class _Day:
    def __init__(self, load: Sequence[Query], scaler: Scaler) -> None:
        self._load = load
        self._scaler = scaler
        self._now = 0.0
        self._next_query = 0
        self._queue: deque[int] = deque()
        self._running: dict[int, Running] = {}
        self._fleet: list[Worker] = []
        self._active: list[Worker] = []
        self._starting: deque[Worker] = deque()
        self._all: list[Worker] = []
        self._cpu_seconds = self._active_seconds = 0.0
        self._cpu = 0.0
        self._waits = [0.0] * len(load)
        self._delays = [0.0] * len(load)
        self._hit: set[int] = set()
        self._changes = [0, 0]
        self._timeline: list[Moment] = []

    def outcome(self) -> Outcome:
        self._order(self._scaler.initial, ready_in=0.0)
        next_look, next_moment = 0.0, 0.0
        while self._now < DAY or self._running or self._queue:
            arrival = self._load[self._next_query].arrival if self._next_query < len(self._load) else float("inf")
            ready = self._starting[0].ready_at if self._starting else float("inf")
            end, first = self._next_end()
            at = min(arrival, ready, end, next_look, next_moment)
            self._pass(at - self._now)
            self._now = at
            if at == ready:
                self._join(self._starting.popleft())
            elif at == end and first is not None:
                self._finish(first)
            elif at == arrival:
                self._queue.append(self._next_query)
                self._next_query += 1
                self._admit()
            elif at == next_look:
                self._look()
                next_look += self._scaler.interval
            else:
                self._timeline.append(self._moment())
                next_moment += 60.0
        for worker in self._fleet:
            worker.left_at = self._now
        return Outcome(
            node_hours=sum(min(worker.left_at or DAY, DAY) - worker.ordered_at for worker in self._all) / 3600,
            queue_waits=tuple(self._waits),
            delays=tuple(self._delays),
            scale_ups=self._changes[0],
            scale_downs=self._changes[1],
            hit=len(self._hit),
            timeline=tuple(moment for moment in self._timeline if moment.at < DAY),
        )

    def _pass(self, seconds: float) -> None:
        for running in self._running.values():
            running.remaining -= running.rate * seconds
        self._cpu_seconds += self._cpu * seconds
        self._active_seconds += len(self._active) * seconds

    def _next_end(self) -> tuple[float, Running | None]:
        soonest, first = float("inf"), None
        for running in self._running.values():
            if running.rate > 0 and (left := running.remaining / running.rate) < soonest:
                soonest, first = left, running
        return self._now + max(0.0, soonest), first

    def _look(self) -> None:
        used = 100 * self._cpu_seconds / self._active_seconds if self._active_seconds > 0 else None
        self._cpu_seconds = self._active_seconds = 0.0
        wanted = len(self._active) + len(self._starting)
        view = View(self._now, len(self._running), len(self._queue), len(self._active), wanted, used)
        change = self._scaler.workers(view) - wanted
        if change > 0:
            self._changes[0] += 1
            self._order(change, ready_in=STARTUP)
        elif change < 0:
            self._changes[1] += 1
            for _ in range(-change):
                self._let_go()

    def _order(self, count: int, *, ready_in: float) -> None:
        for _ in range(count):
            worker = Worker(len(self._all), self._now, self._now + ready_in)
            self._all.append(worker)
            self._fleet.append(worker)
            self._starting.append(worker)

    def _let_go(self) -> None:
        if self._starting:
            self._leave(self._starting.pop(), after=0.0)
            return
        by_tasks = self._scaler.takes_least_busy
        victim = min(self._active, key=lambda worker: (len(worker.tasks) if by_tasks else 0, -worker.number))
        self._hit.update(victim.tasks)
        self._cpu -= victim.cpu
        victim.is_active = False
        self._active.remove(victim)
        if not victim.tasks:
            self._leave(victim, after=GRACE)

    def _leave(self, worker: Worker, *, after: float) -> None:
        worker.left_at = self._now + after
        self._fleet.remove(worker)

    def _join(self, worker: Worker) -> None:
        worker.is_active = True
        self._active.append(worker)
        self._cpu += worker.cpu
        # A query that reads tables takes workers as they come.
        short = [running for running in self._running.values() if len(running.workers) < running.query.parallelism]
        for running in short[:SLOTS]:
            self._assign(running, [worker])
        self._admit()

    def _admit(self) -> None:
        while self._queue:
            query = self._load[self._queue[0]]
            free = [worker for worker in self._active if len(worker.tasks) < SLOTS]
            if len(free) < max(1, -(-query.parallelism // _LEAST_SHARE)):
                return
            number = self._queue.popleft()
            self._waits[number] = self._now - query.arrival
            running = Running(number, query, query.work)
            self._running[number] = running
            chosen = heapq.nsmallest(query.parallelism, free, key=lambda worker: (len(worker.tasks), worker.number))
            self._assign(running, chosen)

    def _assign(self, running: Running, workers: Sequence[Worker]) -> None:
        for worker in workers:
            before = worker.cpu
            worker.tasks[running.number] = running
            self._cpu += worker.cpu - before
        running.workers.extend(workers)
        _reckon(workers)

    def _finish(self, running: Running) -> None:
        del self._running[running.number]
        self._delays[running.number] = self._now - running.query.arrival - running.query.duration
        for worker in running.workers:
            before = worker.cpu
            del worker.tasks[running.number]
            if worker.is_active:
                self._cpu += worker.cpu - before
            elif not worker.tasks:
                self._leave(worker, after=GRACE)
        _reckon(running.workers)
        self._admit()

    def _moment(self) -> Moment:
        demand = sum(running.query.parallelism for running in self._running.values())
        demand += sum(self._load[number].parallelism for number in self._queue)
        return Moment(self._now, len(self._fleet), demand)


def _reckon(workers: Sequence[Worker]) -> None:
    """Find out anew how fast the queries on these workers get on: those on one worker share it evenly."""
    touched = {number: running for worker in workers for number, running in worker.tasks.items()}
    for running in touched.values():
        running.rate = sum(1 / len(worker.tasks) for worker in running.workers)

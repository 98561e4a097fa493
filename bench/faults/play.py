"""Playing a scenario: the load runs, the fault comes, and the world has to get well again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.faults.diary import Diary
from bench.faults.load import Load
from bench.faults.presto import Presto
from bench.faults.scenario import WORKERS, Fault, Kill, Quiet, Reclaim, RollOut, ScaleDown
from bench.faults.stage import Stage
from bench.faults.timeline import Timeline
from bench.faults.worker import Worker
from tests.harness.errors import WaitedInVainError
from tests.harness.progress import say
from tests.harness.waiting import wait_until

_BUSY_SECONDS = 120.0
_SHUTDOWN_SECONDS = 60.0
_REPLACED_SECONDS = 300.0
_LEFT_SECONDS = 600.0
_LOAD_SECONDS = 900.0
_QUERIES_BEFORE = 20
_QUERIES_AFTER = 40
"""Queries that come to an end after all is well again: what the fault has left behind has to show."""


class Play:
    """A scenario that is being played."""

    def __init__(self, stage: Stage, presto: Presto, load: Load, diary: Diary, queries: int) -> None:
        self._stage = stage
        self._presto = presto
        self._load = load
        self._diary = diary
        self._queries = queries
        self.timeline = Timeline()

    def run(self, fault: Fault) -> None:
        """Let the load begin, carry the fault out, and return once enough queries have come to an end."""
        self._wait_for_queries(min(_QUERIES_BEFORE, self._queries))
        match fault:
            case Quiet():
                pass
            case ScaleDown(to):
                self._scale_down(to)
            case RollOut():
                self._roll_out()
            case Reclaim():
                self._reclaim(fault)
            case Kill():
                self._kill()
        after = 0 if isinstance(fault, Quiet) else self._load.total + min(_QUERIES_AFTER, self._queries)
        self._wait_for_queries(max(self._queries, after))

    def _scale_down(self, to: int) -> None:
        self._wait_until_busy(self._diary.at_work())
        self._signal("asking for fewer workers")
        self._presto.scale(to)
        with self._noted():
            wait_until(
                lambda: len([each for each in self._diary.workers() if each.gone_at is not None]) == WORKERS - to,
                timeout=_LEFT_SECONDS,
                what="the workers to leave",
            )
        self.timeline.concerned = [worker for worker in self._diary.workers() if worker.leaving_at is not None]

    def _roll_out(self) -> None:
        before = self._diary.at_work()
        self._wait_until_busy(before)
        self._signal("asking for other workers")
        self._presto.roll_out()
        self.timeline.concerned = before
        with self._noted():
            wait_until(
                lambda: all(worker.gone_at is not None for worker in before),
                timeout=_LEFT_SECONDS,
                what="the old workers to be gone",
            )
            self._wait_for_replacements(frozenset())

    def _reclaim(self, fault: Reclaim) -> None:
        nodes = self._victims(fault.nodes)
        self._wait_until_busy(self.timeline.concerned)
        self._signal(f"tainting {', '.join(sorted(nodes))}, which die in {fault.cloud.seconds:g} s")
        self._stage.taint(nodes, fault.cloud.taint)
        deadline = time.monotonic() + fault.cloud.seconds
        if fault.kills_operator:
            with self._noted():
                wait_until(self._one_shuts_down, timeout=_SHUTDOWN_SECONDS, what="a worker to drain", interval=0.02)
            self._stage.kill_operator()
            say("    the operator's process is dead")
        replaced = wait_by(lambda: self._are_replaced(nodes), deadline)
        if replaced:
            self.timeline.replaced_at = time.monotonic()
        wait_by(lambda: False, deadline)
        self.timeline.killed_at = time.monotonic()
        say(f"    killing {', '.join(sorted(nodes))}: {self.timeline.left_in_time()} workers have left it in time")
        self._stage.kill(nodes)
        if not replaced:
            with self._noted():
                self._wait_for_replacements(nodes)

    def _kill(self) -> None:
        nodes = self._victims(1)
        self._wait_until_busy(self.timeline.concerned)
        self._signal(f"killing {', '.join(sorted(nodes))} without notice")
        self.timeline.killed_at = self.timeline.signal_at
        self._stage.kill(nodes)
        with self._noted():
            self._wait_for_replacements(nodes)

    def _victims(self, count: int) -> frozenset[str]:
        """Nodes that have workers, those with the fewest first."""
        by_node: dict[str, list[Worker]] = {}
        for worker in self._diary.at_work():
            by_node.setdefault(str(worker.node), []).append(worker)
        nodes = frozenset(sorted(by_node, key=lambda node: (len(by_node[node]), node))[:count])
        self.timeline.concerned = self._diary.on(nodes)
        return nodes

    def _wait_until_busy(self, workers: list[Worker]) -> None:
        """The fault is to hit workers in the middle of their tasks."""
        with self._noted():
            wait_until(
                lambda: all(self._diary.has_running_tasks(worker) for worker in workers),
                timeout=_BUSY_SECONDS,
                what="tasks on all workers that are to go",
                interval=0.3,
            )

    def _signal(self, what: str) -> None:
        say(f"    {what}")
        self.timeline.signal_at = time.monotonic()

    def _one_shuts_down(self) -> bool:
        return any(worker.shutting_down_at is not None for worker in self.timeline.concerned)

    def _are_replaced(self, nodes: frozenset[str]) -> bool:
        return len(self._diary.at_work(but_on=nodes)) >= WORKERS

    def _wait_for_replacements(self, nodes: frozenset[str]) -> None:
        wait_until(lambda: self._are_replaced(nodes), timeout=_REPLACED_SECONDS, what=f"{WORKERS} workers to be ready")
        self.timeline.replaced_at = time.monotonic()

    def _wait_for_queries(self, count: int) -> None:
        wait_until(lambda: self._load.total >= count, timeout=_LOAD_SECONDS, what=f"{count} queries", interval=0.3)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """What doesn't happen in time is a result, too."""
        try:
            yield
        except WaitedInVainError as error:
            say(f"    {error}")
            self.timeline.notes.append(str(error))


def wait_by(condition: Callable[[], bool], deadline: float) -> bool:
    """Wait for the condition until a moment of the monotonic clock; whether it held by then."""
    while not condition():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(0.1, left))
    return True

"""Reclaims of real nodes, up to Presto's own word: how soon a worker at rest shuts down."""

from __future__ import annotations

import time

from bench.faults.diary import Diary
from bench.faults.presto import start
from bench.faults.scenario import WORKERS, Keeper
from bench.faults.stage import Stage, take_down
from tests.harness.interface import Provider
from tests.harness.progress import say, step
from tests.harness.spec import Taint
from tests.harness.waiting import wait_until

_START_SECONDS = 300.0
_SHUTDOWN_SECONDS = 60.0
_LEAVE_SECONDS = 300.0


def measure_on_presto(provider: Provider, reclaims: int, taint: Taint) -> list[float]:
    """Seconds from the taint until the node's worker says SHUTTING_DOWN, of one reclaim after the other.

    On the stage of bench-faults without its load: what is measured is the way, not what queries leave of the CPU.
    """
    take_down()
    try:
        stage = Stage(provider)
        with step(f"Presto with {WORKERS} workers"):
            presto = start(stage.cluster, Keeper.OPERATOR)
        diary = Diary(stage.cluster, presto.namespace.name, presto.selector)
        with step(f"{reclaims} reclaims"), diary.kept():
            return [_reclaim(stage, diary, taint, number) for number in range(1, reclaims + 1)]
    finally:
        take_down()


def _reclaim(stage: Stage, diary: Diary, taint: Taint, number: int) -> float:
    wait_until(lambda: len(diary.at_work()) == WORKERS, timeout=_START_SECONDS, what=f"{WORKERS} workers")
    worker = min(diary.at_work(), key=lambda each: each.ready_at or 0.0)
    node = str(worker.node)
    begun = time.monotonic()
    stage.taint(frozenset({node}), taint)
    told_at = wait_until(
        lambda: worker.shutting_down_at, timeout=_SHUTDOWN_SECONDS, what=f"{worker.name} to shut down", interval=0.02
    )
    assert told_at is not None
    say(f"    {number}: {node}: {told_at - begun:.2f} s")
    wait_until(lambda: worker.gone_at is not None, timeout=_LEAVE_SECONDS, what=f"{worker.name} to be gone")
    stage.restore()
    return told_at - begun

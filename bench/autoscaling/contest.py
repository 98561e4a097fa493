"""Who stands against whom, and what is said of each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from bench.autoscaling.cluster import Moment, Outcome, Scaler, simulated
from bench.autoscaling.load import DAY, Query, day
from bench.autoscaling.scalers import Decided, clairvoyant, demand, fixed, settings

LEAST, MOST = 5, 140
POLL_SECONDS = 5.0
"""How often the operator looks at a cluster."""
HPA_SECONDS = 15.0
"""How often HPA looks, with or without KEDA before it."""
_PEAK_SECONDS = 300


@dataclass(frozen=True)
class Entry:
    """One who takes part."""

    name: str
    scaler: Scaler


@dataclass(frozen=True)
class Result:
    """How the day went for one of them."""

    name: str
    node_hours: float
    over_clairvoyant: float
    """Node-hours as a multiple of the clairvoyant's."""
    wait_p50: float
    wait_p95: float
    wait_p99: float
    delay_p95: float
    delay_p99: float
    scale_ups: int
    scale_downs: int
    queries_hit: int
    timeline: tuple[Moment, ...]


@dataclass(frozen=True)
class Contest:
    """The day, and how it went for each."""

    seed: int
    queries: int
    duration_p50: float
    duration_p95: float
    duration_p99: float
    duration_max: float
    work_hours: float
    """Hours of workers that the queries need: no fleet, however it is scaled, can do with less."""
    results: tuple[Result, ...]


CLAIRVOYANT = "clairvoyant"
OURS = "presto-operator"


def entries(load: Sequence[Query]) -> list[Entry]:
    """All who take part, on the day that this load makes."""
    needed = demand(load)
    peak = max(sum(needed[at : at + _PEAK_SECONDS]) for at in range(0, int(DAY), _PEAK_SECONDS)) // _PEAK_SECONDS
    return [
        Entry(CLAIRVOYANT, clairvoyant(needed, LEAST, MOST)),
        Entry(OURS, Decided(settings(LEAST, MOST), POLL_SECONDS, takes_least_busy=True)),
        Entry(
            f"{OURS}, thrifty",
            Decided(settings(LEAST, MOST, **_THRIFTY), POLL_SECONDS, takes_least_busy=True),
        ),
        Entry(f"fixed fleet of {peak}", fixed(peak)),
        Entry("HPA, CPU 50%", _hpa(workerCPUPercent=50)),
        Entry("KEDA, queue / 1", _hpa(only_queue=True, queriesPerWorker="1")),
        Entry("KEDA, queue / 5", _hpa(only_queue=True, queriesPerWorker="5")),
        Entry("KEDA, all queries / 0.1", _hpa(queriesPerWorker="0.1")),
    ]


_THRIFTY = {
    "targets": {"queriesPerWorker": "1", "workerCPUPercent": 90},
    "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
}
_WINDOWS_OF_HPA = {"scaleUp": {"stabilizationWindowSeconds": 0}, "scaleDown": {"stabilizationWindowSeconds": 300}}


def _hpa(*, only_queue: bool = False, **targets: object) -> Decided:
    """HPA with its defaults, and Kubernetes' choice of the worker that leaves."""
    return Decided(
        settings(LEAST, MOST, targets=targets, behavior=_WINDOWS_OF_HPA),
        HPA_SECONDS,
        takes_least_busy=False,
        counts_running=not only_queue,
    )


def held(seed: int, queries: int, processes: int) -> Contest:
    """The day of this seed for each of them, in so many processes at a time."""
    load = day(seed, queries)
    taking_part = entries(load)
    with ProcessPoolExecutor(processes) as pool:
        outcomes = list(pool.map(simulated, [load] * len(taking_part), [entry.scaler for entry in taking_part]))
    best = next(
        outcome.node_hours for entry, outcome in zip(taking_part, outcomes, strict=True) if entry.name == CLAIRVOYANT
    )
    durations = sorted(query.duration for query in load)
    return Contest(
        seed=seed,
        queries=len(load),
        duration_p50=percentile(durations, 50),
        duration_p95=percentile(durations, 95),
        duration_p99=percentile(durations, 99),
        duration_max=durations[-1],
        work_hours=sum(query.work for query in load) / 3600,
        results=tuple(_result(entry.name, outcome, best) for entry, outcome in zip(taking_part, outcomes, strict=True)),
    )


def _result(name: str, outcome: Outcome, best: float) -> Result:
    waits, delays = sorted(outcome.queue_waits), sorted(outcome.delays)
    return Result(
        name=name,
        node_hours=outcome.node_hours,
        over_clairvoyant=outcome.node_hours / best,
        wait_p50=percentile(waits, 50),
        wait_p95=percentile(waits, 95),
        wait_p99=percentile(waits, 99),
        delay_p95=percentile(delays, 95),
        delay_p99=percentile(delays, 99),
        scale_ups=outcome.scale_ups,
        scale_downs=outcome.scale_downs,
        queries_hit=outcome.hit,
        timeline=outcome.timeline,
    )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest of these numbers, which stand in order, that so many percent of them don't exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]

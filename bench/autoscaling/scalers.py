"""Who decides how many workers there are: this operator, and what one would use without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.autoscaling.cluster import GRACE, STARTUP, View
from bench.autoscaling.load import DAY, Query
from presto_operator.api import Autoscaling, AutoscalingHistory
from presto_operator.presto import ClusterLoad
from presto_operator.scaling import decide

_MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)  # a Tuesday


@dataclass
class Decided:
    """A scaler that is the operator's own `decide`, whose windows, policies and tolerance are HPA's."""

    settings: Autoscaling
    interval: float
    takes_least_busy: bool
    counts_running: bool = True
    """Whether running queries are demand, or just those that wait."""
    history: AutoscalingHistory = field(default_factory=AutoscalingHistory)

    @property
    def initial(self) -> int:
        return self.settings.min_replicas

    def workers(self, view: View) -> int:
        now = _MIDNIGHT + timedelta(seconds=view.now)
        sample = ClusterLoad(
            at=now,
            running=view.running if self.counts_running else 0,
            blocked=0,
            queued=view.queued,
            waiting=0,
            held_back=0,
            active_workers=view.active,
            worker_cpu_percent=view.cpu_percent,
            workers_with_cpu=view.active if view.cpu_percent is not None else 0,
        )
        decision = decide(self.settings, sample=sample, wanted=view.wanted, history=self.history, now=now)
        self.history = decision.history
        return decision.wanted


def settings(least: int, most: int, **fields: Any) -> Autoscaling:
    """Autoscaling between these bounds, with these fields as a manifest has them and the product's defaults else."""
    given: Mapping[str, Any] = {"minReplicas": least, "maxReplicas": most, **fields}
    return Autoscaling.model_validate(given, by_alias=True, by_name=False)


@dataclass(frozen=True)
class Planned:
    """A scaler that has known all along how many workers there shall be at each second."""

    plan: Sequence[int]
    interval: float = 1.0
    takes_least_busy: bool = True

    @property
    def initial(self) -> int:
        return self.plan[0]

    def workers(self, view: View) -> int:
        return self.plan[min(int(view.now), len(self.plan) - 1)]


def fixed(count: int) -> Planned:
    """A fleet that never changes."""
    return Planned([count], interval=DAY)


def demand(load: Sequence[Query]) -> list[int]:
    """Workers that the queries of each second could use, if each query had as many as it can use, at once."""
    seconds = int(DAY)
    changes = [0] * (seconds + 1)
    for query in load:
        start, end = int(query.arrival), min(seconds, int(query.arrival + query.duration) + 1)
        changes[start] += query.parallelism
        changes[end] -= query.parallelism
    needed, present = [], 0
    for change in changes[:seconds]:
        present += change
        needed.append(present)
    return needed


def clairvoyant(needed: Sequence[int], least: int, most: int) -> Planned:
    """The cheapest fleet that always has the workers that are needed, of one who knows the day beforehand.

    Each worker is ordered as long before it is needed as it takes to start, and kept over a pause that is shorter than
    leaving and starting again would take.
    """
    seconds = len(needed)
    plan = [0] * seconds
    for level in range(1, most + 1):
        spans = [(0, seconds)] if level <= least else _spans(needed, level)
        for start, end in spans:
            for second in range(max(0, start - int(STARTUP)), end):
                plan[second] += 1
    return Planned(plan)


def _spans(needed: Sequence[int], level: int) -> list[tuple[int, int]]:
    """From when to when the worker of this number is there."""
    spans: list[tuple[int, int]] = []
    for second, count in enumerate(needed):
        if count < level:
            continue
        if spans and second - spans[-1][1] <= STARTUP + GRACE:
            spans[-1] = (spans[-1][0], second + 1)
        else:
            spans.append((second, second + 1))
    return spans

"""What the load asks for: a number of workers by each target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, isfinite

from presto_operator.api import DecisionReason, ScalingBehavior, ScalingTargets, ratio_value, tolerance_value
from presto_operator.scaling.sample import Sample


@dataclass(frozen=True)
class Recommendation:
    """A number of workers that a target asks for."""

    reason: DecisionReason
    workers: int
    message: str
    """The numbers that it comes from."""


@dataclass(frozen=True)
class Demand:
    """What the targets ask for together."""

    recommendations: tuple[Recommendation, ...]
    unknown: str
    """Of what nothing is known, in words, so that no worker may go for what the others ask; empty: all is known."""

    @property
    def largest(self) -> Recommendation | None:
        """The recommendation that counts: the largest; None: no target has one."""
        return max(self.recommendations, key=lambda item: item.workers, default=None)


def demand(targets: ScalingTargets, behavior: ScalingBehavior, sample: Sample, *, wanted: int) -> Demand:
    """What each of the `targets` asks for.

    Args:
        targets: what a worker shall have to do.
        behavior: its tolerances: within them, a target asks for what there is.
        sample: the load.
        wanted: workers that there shall be now, those that only start included.
    """
    tolerances = _Tolerances(
        up=Fraction(tolerance_value(behavior.scale_up.tolerance)),
        down=Fraction(tolerance_value(behavior.scale_down.tolerance)),
    )
    found = []
    if targets.queries_per_worker is not None:
        found.append(_by_queries(targets.queries_per_worker, tolerances, sample, wanted))
    if targets.worker_cpu_percent is None:
        return Demand(tuple(found), "")
    by_cpu = _by_cpu(targets.worker_cpu_percent, tolerances, sample, wanted)
    if by_cpu is not None:
        found.append(by_cpu)
    # No workers, no CPU use: that is known.
    is_unknown = by_cpu is None and wanted > 0
    return Demand(tuple(found), "no worker's CPU use is known" if is_unknown else "")


@dataclass(frozen=True)
class _Tolerances:
    up: Fraction
    down: Fraction

    def contain(self, ratio: Fraction) -> bool:
        """Whether a need of this share of what there is leaves all as it is."""
        return 1 - self.down <= ratio <= 1 + self.up


def _by_queries(target: str, tolerances: _Tolerances, sample: Sample, wanted: int) -> Recommendation:
    need = Fraction(sample.demand) / Fraction(ratio_value(target))
    words = f"{_queries(sample)} at {_plain(target)} a worker = {ceil(need)}"
    if sample.held_back:
        words += f" ({sample.held_back} held back by a concurrency limit)"
    if wanted not in (0, ceil(need)) and tolerances.contain(need / wanted):
        return Recommendation("QueryDemand", wanted, f"{words}, within the tolerance of {wanted}")
    return Recommendation("QueryDemand", ceil(need), words)


def _by_cpu(target: int, tolerances: _Tolerances, sample: Sample, wanted: int) -> Recommendation | None:
    """What CPU use asks for, in HPA's way; None: it isn't known.

    Workers that start have no use yet: on the way up they are reckoned with 0 %, so that they aren't asked for twice.
    Workers that didn't tell their use are reckoned with 0 % on the way up and with 100 % on the way down.
    """
    if sample.worker_cpu_percent is None or not isfinite(sample.worker_cpu_percent) or sample.workers_with_cpu <= 0:
        return None
    measured = sample.workers_with_cpu
    used = Fraction(max(0.0, sample.worker_cpu_percent)) * measured
    words = f"{measured} workers at {sample.worker_cpu_percent:.0f}% CPU, target {target}%"
    if tolerances.contain(used / (target * measured)):
        return Recommendation("WorkerCPU", wanted, f"{words}: within the tolerance")
    if used > target * measured:
        need = ceil(used / target)
        if used / target <= wanted * (1 + tolerances.up):
            return Recommendation("WorkerCPU", wanted, f"{words} = {need}: no more than the {wanted} there shall be")
        return Recommendation("WorkerCPU", need, f"{words} = {need}")
    silent = max(0, sample.active_workers - measured)
    words += f", {silent} more that told nothing" if silent else ""
    need = ceil((used + 100 * silent) / target)
    return Recommendation("WorkerCPU", min(wanted, need), f"{words} = {need}")


def _queries(sample: Sample) -> str:
    counts: Sequence[tuple[int, str]] = (
        (sample.running, "running"),
        (sample.blocked, "blocked"),
        (sample.queued, "queued"),
        (sample.waiting, "waiting"),
    )
    return " + ".join(f"{count} {state}" for count, state in counts if count) or "no query"


def _plain(number: str) -> str:
    return f"{ratio_value(number).normalize():f}"

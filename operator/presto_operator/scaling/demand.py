"""How many workers the load needs, by each target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, isfinite

from presto_operator.api import DecisionReason, ScalingBehavior, ScalingTargets, tolerance_value
from presto_operator.presto import ClusterLoad

_LOW_CPU = 30
"""CPU use in percent below which no worker is added for queries that are blocked, or queued for an unknown reason:
there is room for whatever can run."""


@dataclass(frozen=True)
class Recommendation:
    """The number of workers that a target needs."""

    reason: DecisionReason
    workers: int
    message: str
    """The numbers behind it, in words."""


@dataclass(frozen=True)
class Demand:
    """What the targets need together."""

    recommendations: tuple[Recommendation, ...]
    unknown: str
    """Which load is unknown, in words: no worker is removed because of the others then. Empty if all is known."""

    @property
    def largest(self) -> Recommendation | None:
        """The largest recommendation, which applies; None if no target has one."""
        return max(self.recommendations, key=lambda item: item.workers, default=None)


def demand(targets: ScalingTargets, behavior: ScalingBehavior, sample: ClusterLoad, *, wanted: int) -> Demand:
    """The number of workers that each of the `targets` needs.

    Args:
        targets: the load that a worker is to have.
        behavior: for its tolerances: within them, a target needs as many workers as are desired now.
        sample: the load.
        wanted: workers desired now, those that are still starting included.
    """
    tolerances = _Tolerances(
        up=tolerance_value(behavior.scale_up.tolerance),
        down=tolerance_value(behavior.scale_down.tolerance),
    )
    found = []
    if targets.queries_per_worker is not None:
        found.append(_by_queries(targets.queries_per_worker, tolerances, sample, wanted))
    if targets.worker_cpu_percent is None:
        return Demand(tuple(found), "")
    by_cpu = _by_cpu(targets.worker_cpu_percent, tolerances, sample, wanted)
    if by_cpu is not None:
        found.append(by_cpu)
    # Without workers there is no CPU use: that is not unknown.
    is_unknown = by_cpu is None and wanted > 0
    return Demand(tuple(found), "no worker reports its CPU use" if is_unknown else "")


@dataclass(frozen=True)
class _Tolerances:
    up: Fraction
    down: Fraction

    def contain(self, ratio: Fraction) -> bool:
        """Whether nothing changes when this ratio of the present workers is needed."""
        return 1 - self.down <= ratio <= 1 + self.up


def _by_queries(target: str, tolerances: _Tolerances, sample: ClusterLoad, wanted: int) -> Recommendation:
    need = Fraction(sample.demand) / Fraction(target)
    words = f"{_queries(sample)} at {_plain(target)} per worker = {ceil(need)}"
    if sample.held_back:
        words += f" ({sample.held_back} more held back by a resource group's limit)"
    if wanted not in (0, ceil(need)) and tolerances.contain(need / wanted):
        return Recommendation("QueryDemand", wanted, f"{words}, within tolerance of {wanted}")
    certain = ceil(Fraction(sample.demand - _unhelped(sample)) / Fraction(target))
    if max(wanted, certain) < need:
        words += f", but no worker is added for blocked or queued ones at {sample.worker_cpu_percent:.0f}% CPU"
        return Recommendation("QueryDemand", max(wanted, certain), words)
    return Recommendation("QueryDemand", ceil(need), words)


def _unhelped(sample: ClusterLoad) -> int:
    """Queries that more workers probably don't help, because those that there are have hardly anything to do.

    Blocked queries may wait for memory, of which more workers have more. Otherwise they wait for a lock, a metastore or
    a slow source. Queued queries may wait for a share of the cluster's memory, too.
    """
    percent = sample.worker_cpu_percent
    is_low = percent is not None and percent < _LOW_CPU and 2 * sample.workers_with_cpu >= sample.active_workers > 0
    if not is_low:
        return 0
    blocked = 0 if sample.is_short_of_memory else sample.blocked
    return blocked + sample.queued - sample.queued_for_shared_memory


def _by_cpu(target: int, tolerances: _Tolerances, sample: ClusterLoad, wanted: int) -> Recommendation | None:
    """The workers that CPU use needs, computed as HPA does; None if CPU use is unknown.

    Workers that are starting count as 0 % when scaling up, so that they aren't requested twice. Workers that don't
    report their CPU use count as 0 % when scaling up, and as 100 % when scaling down.
    """
    if sample.worker_cpu_percent is None or not isfinite(sample.worker_cpu_percent) or sample.workers_with_cpu <= 0:
        return None
    measured = sample.workers_with_cpu
    used = Fraction(max(0.0, sample.worker_cpu_percent)) * measured
    words = f"{measured} workers at {sample.worker_cpu_percent:.0f}% CPU, target {target}%"
    if tolerances.contain(used / (target * measured)):
        # Those that are there suffice. More of them that don't come, such as those without a node, aren't needed.
        enough = min(wanted, max(measured, sample.active_workers))
        return Recommendation("WorkerCPU", enough, f"{words}, within tolerance")
    if used > target * measured:
        need = ceil(used / target)
        if used / target <= wanted * (1 + tolerances.up):
            return Recommendation("WorkerCPU", wanted, f"{words} = {need}, and {wanted} are desired already")
        return Recommendation("WorkerCPU", need, f"{words} = {need}")
    silent = max(0, sample.active_workers - measured)
    words += f", {silent} more report no CPU use" if silent else ""
    at_most = used + 100 * silent
    if tolerances.contain(at_most / (target * (measured + silent))):
        return Recommendation("WorkerCPU", min(wanted, measured + silent), f"{words}, within tolerance")
    need = ceil(at_most / target)
    return Recommendation("WorkerCPU", min(wanted, need), f"{words} = {need}")


def _queries(sample: ClusterLoad) -> str:
    counts: Sequence[tuple[int, str]] = (
        (sample.running, "running"),
        (sample.blocked, "blocked"),
        (sample.queued, "queued"),
        (sample.waiting, "waiting"),
    )
    return " + ".join(f"{count} {state}" for count, state in counts if count) or "no queries"


def _plain(number: str) -> str:
    return f"{Decimal(number).normalize():f}"

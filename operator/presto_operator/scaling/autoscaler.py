"""How many workers the load needs, within bounds, windows and policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from presto_operator.api import Autoscaling, AutoscalingHistory, DecisionReason, duration_seconds, whole_second
from presto_operator.objects import format_time
from presto_operator.presto import ClusterLoad
from presto_operator.scaling.behavior import limited, longest_period, stabilized
from presto_operator.scaling.demand import Demand, Recommendation, demand
from presto_operator.scaling.history import with_change, with_idleness, with_recommendation
from presto_operator.scaling.sample import is_fresh
from presto_operator.scaling.schedules import Bounds, bounds

_UNLIMITED: frozenset[DecisionReason] = frozenset(("QueryDemand", "WorkerCPU", "Idle"))


@dataclass(frozen=True)
class Decision:
    """How many workers are desired, and why."""

    wanted: int
    reason: DecisionReason
    """What decided the number, in one word."""
    message: str
    """The numbers behind it, in words."""
    history: AutoscalingHistory
    """What the next decision needs to know; kept in status."""

    @property
    def limited_by(self) -> DecisionReason | None:
        """Why the number differs from what the load needs; None if it doesn't."""
        return None if self.reason in _UNLIMITED else self.reason


def decide(
    settings: Autoscaling, *, sample: ClusterLoad | None, wanted: int, history: AutoscalingHistory, now: datetime
) -> Decision:
    """Decide how many workers are desired.

    Each target gives a number, and the largest applies. Windows and policies limit how fast the number may follow, and
    bounds apply in any case. Without a fresh sample no worker is removed, unless there are more than maxReplicas.

    Args:
        settings: spec.autoscaling, whatever its mode.
        sample: the newest sample of the load; None if there is none.
        wanted: workers desired so far: the last decision, or at first what runs. Workers that are still starting are
            included, so they aren't requested twice.
        history: the history of the last decision; empty at first.
        now: the time.
    """
    now = whole_second(now)
    allowed = bounds(settings, now)
    if sample is None or not is_fresh(sample, now):
        return _blind(settings, allowed, sample, wanted, history, now)
    history = with_idleness(history, now, is_idle=sample.is_idle)
    asked = demand(settings.targets, settings.behavior, sample, wanted=wanted)
    largest = asked.largest
    if largest is not None and not (asked.unknown and largest.workers < wanted):
        history = with_recommendation(history, largest.workers, wanted=wanted, behavior=settings.behavior, now=now)
    if idle := _idle(settings, allowed, history, now):
        return _decided(settings, idle, wanted, history, now)
    if largest is None or (asked.unknown and largest.workers < wanted):
        # That nothing is known is no recommendation, so the windows don't remember it.
        step = _bounded(allowed, Recommendation("SamplesMissing", wanted, _unknown(asked)))
    else:
        step = _paced(settings, allowed, _stable(settings, largest, wanted, history, now), wanted, history, now)
    return _decided(settings, step, wanted, history, now)


def _unknown(asked: Demand) -> str:
    """Why no worker is removed."""
    if asked.largest is None:
        return asked.unknown
    return f"{asked.largest.message}; no worker is removed, because {asked.unknown}"


def _stable(
    settings: Autoscaling, largest: Recommendation, wanted: int, history: AutoscalingHistory, now: datetime
) -> Recommendation:
    """The recommendation after the stabilization windows."""
    stable = stabilized(settings.behavior, history, recommended=largest.workers, wanted=wanted, now=now)
    if not stable.words:
        return largest
    return Recommendation("Stabilization", stable.workers, f"{largest.message}; {stable.words}")


def _paced(
    settings: Autoscaling,
    allowed: Bounds,
    stable: Recommendation,
    wanted: int,
    history: AutoscalingHistory,
    now: datetime,
) -> Recommendation:
    """The next step towards the recommendation that bounds and policies allow. Bounds apply at once."""
    target = _bounded(allowed, stable)
    step = limited(settings.behavior, history, target=target.workers, wanted=wanted, now=now)
    if target.workers in (step, _bounded(allowed, Recommendation(target.reason, step, "")).workers):
        return target
    is_up = target.workers > wanted
    message = f"{target.message}; policies of {'scaleUp' if is_up else 'scaleDown'} allow {step}"
    return _bounded(allowed, Recommendation("ScaleUpPolicy" if is_up else "ScaleDownPolicy", step, message))


def _bounded(allowed: Bounds, step: Recommendation) -> Recommendation:
    bound = allowed.floor if step.workers < allowed.floor.workers else allowed.ceiling
    if allowed.floor.workers <= step.workers <= allowed.ceiling.workers:
        return step
    return Recommendation(bound.reason, bound.workers, f"{step.message}; {bound.words}")


def _idle(settings: Autoscaling, allowed: Bounds, history: AutoscalingHistory, now: datetime) -> Recommendation | None:
    """Scale to zero, if that is allowed now; None if it isn't."""
    if settings.scale_to_zero is None or history.idle_since is None or allowed.is_scheduled_floor:
        return None
    if settings.behavior.scale_down.select_policy == "Disabled":
        return None
    if now - history.idle_since < timedelta(seconds=duration_seconds(settings.scale_to_zero.idle_after)):
        return None
    return Recommendation("Idle", 0, f"no queries since {format_time(history.idle_since)}")


def _blind(
    settings: Autoscaling,
    allowed: Bounds,
    sample: ClusterLoad | None,
    wanted: int,
    history: AutoscalingHistory,
    now: datetime,
) -> Decision:
    """Keep the number of workers, within minReplicas and maxReplicas. A schedule's maxReplicas removes no workers then.

    A cluster scaled to zero stays there until a schedule or a fresh sample says otherwise.
    """
    message = f"{_age(sample, now)}, so the number of workers stays at {wanted}"
    sleeps = wanted == 0 and settings.scale_to_zero is not None and not allowed.is_scheduled_floor
    if wanted < allowed.floor.workers and not sleeps:
        step = Recommendation(allowed.floor.reason, allowed.floor.workers, f"{message}; {allowed.floor.words}")
    elif wanted > settings.max_replicas:
        step = Recommendation("MaxReplicas", settings.max_replicas, f"{message}; maxReplicas = {settings.max_replicas}")
    else:
        step = Recommendation("SamplesMissing", wanted, message)
    return _decided(settings, step, wanted, history, now)


def _age(sample: ClusterLoad | None, now: datetime) -> str:
    if sample is None:
        return "Presto has not reported its load yet"
    return f"Presto last reported its load {(now - sample.at).total_seconds():.0f}s ago"


def _decided(
    settings: Autoscaling, step: Recommendation, wanted: int, history: AutoscalingHistory, now: datetime
) -> Decision:
    changed = with_change(history, step.workers - wanted, longest_period=longest_period(settings.behavior), now=now)
    return Decision(step.workers, step.reason, step.message, changed)

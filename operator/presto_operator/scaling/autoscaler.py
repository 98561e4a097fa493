"""How many workers there shall be by what there is to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from presto_operator.api import Autoscaling, AutoscalingHistory, DecisionReason, duration_seconds, whole_second
from presto_operator.scaling.behavior import limited, longest_period, stabilized
from presto_operator.scaling.demand import Demand, Recommendation, demand
from presto_operator.scaling.history import with_change, with_idleness, with_recommendation
from presto_operator.scaling.sample import Sample
from presto_operator.scaling.schedules import Bounds, bounds

_UNLIMITED: frozenset[DecisionReason] = frozenset(("QueryDemand", "WorkerCPU", "Idle"))


@dataclass(frozen=True)
class Decision:
    """How many workers there shall be, and why."""

    wanted: int
    reason: DecisionReason
    """What the number comes from, in one word."""
    message: str
    """The numbers that led to it, in words."""
    history: AutoscalingHistory
    """What the next decision needs to know; to be kept in status."""

    @property
    def limited_by(self) -> DecisionReason | None:
        """What keeps the number from what the load asks for; None: nothing does."""
        return None if self.reason in _UNLIMITED else self.reason


def decide(
    settings: Autoscaling, *, sample: Sample | None, wanted: int, history: AutoscalingHistory, now: datetime
) -> Decision:
    """How many workers there shall be.

    Each target gives a number, and the largest counts; windows and policies say how fast the number may follow it, and
    bounds hold whatever else. Without a sample of the present no worker goes, unless there are more than maxReplicas.

    Args:
        settings: what the spec says of autoscaling, whatever its mode.
        sample: the newest sample of the load; None: there is none.
        wanted: workers that there shall be as things stand: the last decision, or at first what runs. Those that only
            start are among them, which is why they aren't asked for twice.
        history: that of the last decision; an empty one at first.
        now: the time.
    """
    now = whole_second(now)
    allowed = bounds(settings, now)
    if sample is None or not sample.is_fresh(now):
        return _blind(settings, allowed, sample, wanted, history, now)
    history = with_idleness(history, now, is_idle=sample.is_idle)
    asked = demand(settings.targets, settings.behavior, sample, wanted=wanted)
    largest, message = _held_up(asked, wanted)
    history = with_recommendation(history, largest.workers, wanted=wanted, behavior=settings.behavior, now=now)
    if idle := _idle(settings, allowed, history, now):
        return _decided(settings, idle, wanted, history, now)
    stable = _stable(settings, largest, message, wanted, history, now)
    return _decided(settings, _paced(settings, allowed, stable, wanted, history, now), wanted, history, now)


def _held_up(asked: Demand, wanted: int) -> tuple[Recommendation, str]:
    """The recommendation that counts, which is no fewer than there are where not all is known; and its words."""
    largest = asked.largest
    if largest is None:
        return Recommendation("SamplesMissing", wanted, asked.unknown), asked.unknown
    if asked.unknown and largest.workers < wanted:
        message = f"{largest.message}; but {asked.unknown}, so that none goes"
        return Recommendation("SamplesMissing", wanted, message), message
    return largest, largest.message


def _stable(
    settings: Autoscaling,
    largest: Recommendation,
    message: str,
    wanted: int,
    history: AutoscalingHistory,
    now: datetime,
) -> Recommendation:
    """What the windows allow of what is asked for."""
    stable = stabilized(settings.behavior, history, recommended=largest.workers, wanted=wanted, now=now)
    if not stable.words:
        return Recommendation(largest.reason, largest.workers, message)
    return Recommendation("Stabilization", stable.workers, f"{message}; {stable.words}")


def _paced(
    settings: Autoscaling,
    allowed: Bounds,
    stable: Recommendation,
    wanted: int,
    history: AutoscalingHistory,
    now: datetime,
) -> Recommendation:
    """The next step towards what is asked for, as far as bounds and policies allow. Bounds hold at once."""
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
    """No worker at all, if that is allowed now; None: it isn't."""
    if settings.scale_to_zero is None or history.idle_since is None or allowed.is_scheduled_floor:
        return None
    if settings.behavior.scale_down.select_policy == "Disabled":
        return None
    if now - history.idle_since < timedelta(seconds=duration_seconds(settings.scale_to_zero.idle_after)):
        return None
    return Recommendation("Idle", 0, f"no query since {history.idle_since:%Y-%m-%dT%H:%M:%SZ}")


def _blind(
    settings: Autoscaling,
    allowed: Bounds,
    sample: Sample | None,
    wanted: int,
    history: AutoscalingHistory,
    now: datetime,
) -> Decision:
    """What there is, within maxReplicas, and no fewer than the floor. A schedule's ceiling takes nobody's worker away.

    Who sleeps without a worker goes on to, until a schedule or a sample says otherwise.
    """
    age = "there is no sample" if sample is None else f"the last sample is {(now - sample.at).total_seconds():.0f}s old"
    message = f"{age}: {wanted} workers stay"
    sleeps = wanted == 0 and settings.scale_to_zero is not None and not allowed.is_scheduled_floor
    if wanted < allowed.floor.workers and not sleeps:
        step = Recommendation(allowed.floor.reason, allowed.floor.workers, f"{message}; {allowed.floor.words}")
    elif wanted > settings.max_replicas:
        step = Recommendation("MaxReplicas", settings.max_replicas, f"{message}; maxReplicas = {settings.max_replicas}")
    else:
        step = Recommendation("SamplesMissing", wanted, message)
    return _decided(settings, step, wanted, history, now)


def _decided(
    settings: Autoscaling, step: Recommendation, wanted: int, history: AutoscalingHistory, now: datetime
) -> Decision:
    changed = with_change(history, step.workers - wanted, longest_period=longest_period(settings.behavior), now=now)
    return Decision(step.workers, step.reason, step.message, changed)

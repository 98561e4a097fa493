"""How fast the number of workers may follow the load: windows and policies, with the same meaning as in HPA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from presto_operator.api import AutoscalingHistory, ScaleDown, ScaleEvent, ScaleUp, ScalingBehavior, ScalingPolicy
from presto_operator.scaling.history import highest, lowest


@dataclass(frozen=True)
class Stable:
    """The number of workers after the stabilization windows."""

    workers: int
    words: str
    """Why it differs from the recommendation; empty if it doesn't."""


def stabilized(
    behavior: ScalingBehavior, history: AutoscalingHistory, *, recommended: int, wanted: int, now: datetime
) -> Stable:
    """The number nearest to `wanted` that the recommendations within both windows allow.

    More workers only if every recommendation within the window of scaleUp asked for more, and no more than the lowest
    of them; fewer only if every one within the window of scaleDown asked for fewer, and no fewer than the highest.
    """
    up_seconds = behavior.scale_up.stabilization_window_seconds
    down_seconds = behavior.scale_down.stabilization_window_seconds
    least = min(recommended, lowest(history, now - timedelta(seconds=up_seconds)))
    most = max(recommended, highest(history, now - timedelta(seconds=down_seconds)))
    stable = min(max(wanted, least), most)
    if stable > recommended:
        return Stable(stable, f"highest in the last {down_seconds}s = {most}")
    if stable < recommended:
        return Stable(stable, f"lowest in the last {up_seconds}s = {least}")
    return Stable(stable, "")


def limited(behavior: ScalingBehavior, history: AutoscalingHistory, *, target: int, wanted: int, now: datetime) -> int:
    """The number nearest to `target` that the policies allow, starting from `wanted`."""
    if target > wanted:
        return min(target, max(wanted, _most(behavior.scale_up, history, wanted, now)))
    if target < wanted:
        return max(target, min(wanted, _fewest(behavior.scale_down, history, wanted, now)))
    return target


def _most(rules: ScaleUp, history: AutoscalingHistory, wanted: int, now: datetime) -> int:
    if rules.select_policy == "Disabled":
        return wanted
    limits = []
    for policy in rules.policies:
        start = _at_start_of_period(policy, history, wanted, now)
        # Rounded up: a small number of workers could never grow otherwise.
        limits.append(start + policy.value if policy.type == "Pods" else -(-start * (100 + policy.value) // 100))
    return max(limits) if rules.select_policy == "Max" else min(limits)


def _fewest(rules: ScaleDown, history: AutoscalingHistory, wanted: int, now: datetime) -> int:
    if rules.select_policy == "Disabled":
        return wanted
    limits = []
    for policy in rules.policies:
        start = _at_start_of_period(policy, history, wanted, now)
        limits.append(start - policy.value if policy.type == "Pods" else start * max(0, 100 - policy.value) // 100)
    fewest = min(limits) if rules.select_policy == "Max" else max(limits)
    return max(0, fewest)


def _at_start_of_period(policy: ScalingPolicy, history: AutoscalingHistory, wanted: int, now: datetime) -> int:
    cutoff = now - timedelta(seconds=policy.period_seconds)
    return wanted - _sum_since(history.scale_ups, cutoff) + _sum_since(history.scale_downs, cutoff)


def _sum_since(events: Sequence[ScaleEvent], cutoff: datetime) -> int:
    return sum(event.workers for event in events if event.time > cutoff)


def longest_period(behavior: ScalingBehavior) -> timedelta:
    """The longest period of any policy."""
    policies = (*behavior.scale_up.policies, *behavior.scale_down.policies)
    return timedelta(seconds=max(policy.period_seconds for policy in policies))

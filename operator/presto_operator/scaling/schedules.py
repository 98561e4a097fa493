"""Which schedules are active at a moment, and the bounds that they set.

Start and end are times of the wall clock in the schedule's time zone. When the clock changes, a time that is skipped
occurs at the moment of the change, and a time that repeats counts the first time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from presto_operator.api import Autoscaling, DecisionReason, Schedule

_LARGEST_CHANGE = timedelta(hours=2)
"""No clock is set back by more than this: repeated times occur again within it."""


@dataclass(frozen=True)
class Bound:
    """A minimum or maximum number of workers, and what sets it."""

    workers: int
    reason: DecisionReason
    words: str


@dataclass(frozen=True)
class Bounds:
    """The minimum and maximum number of workers at a moment."""

    floor: Bound
    """Never above the ceiling."""
    ceiling: Bound
    is_scheduled_floor: bool
    """Whether a schedule sets a minimum now, whatever the load."""


def bounds(settings: Autoscaling, now: datetime) -> Bounds:
    """The minimum and maximum number of workers now.

    The highest floor and the lowest ceiling apply. The ceiling overrides a higher floor, because it caps spending.
    """
    held = [schedule for schedule in settings.schedules if holds(schedule, now)]
    floors = [Bound(settings.min_replicas, "MinReplicas", f"minReplicas = {settings.min_replicas}")]
    ceilings = [Bound(settings.max_replicas, "MaxReplicas", f"maxReplicas = {settings.max_replicas}")]
    for schedule in held:
        if schedule.min_replicas is not None:
            words = f"minReplicas of schedule '{schedule.name}' = {schedule.min_replicas}"
            floors.append(Bound(schedule.min_replicas, "ScheduleFloor", words))
        if schedule.max_replicas is not None:
            words = f"maxReplicas of schedule '{schedule.name}' = {schedule.max_replicas}"
            ceilings.append(Bound(schedule.max_replicas, "ScheduleCeiling", words))
    floor = max(floors, key=lambda bound: bound.workers)
    ceiling = min(ceilings, key=lambda bound: bound.workers)
    return Bounds(
        floor=ceiling if floor.workers > ceiling.workers else floor,
        ceiling=ceiling,
        is_scheduled_floor=len(floors) > 1,
    )


def holds(schedule: Schedule, now: datetime) -> bool:
    """Whether the schedule is active: from a start, inclusive, to the next end, exclusive.

    If both fall on the same moment, as they may in an hour that the clock skips, it has ended.
    """
    start = _last(schedule.start, schedule.time_zone, now)
    if start is None:
        return False
    end = _last(schedule.end, schedule.time_zone, now)
    return end is None or start > end


def _last(expression: str, time_zone: str, now: datetime) -> datetime | None:
    """The last time at or before `now` that matches the cron expression; None if there is none."""
    zone = ZoneInfo(time_zone)
    # Cron times are computed on a wall clock without a zone, and then placed in the zone. CronSim's own handling of
    # zones gives wrong answers for fixed times in the hour that repeats when the clock is set back. After that, times
    # that the wall clock will show again have already occurred.
    wall = now.astimezone(zone).replace(tzinfo=None)
    shown_before = (now - _LARGEST_CHANGE).astimezone(zone).replace(tzinfo=None) + _LARGEST_CHANGE
    for time in CronSim(expression, max(wall, shown_before) + timedelta(seconds=1), reverse=True):
        moment = _moment(time, zone)
        if moment <= now:
            return moment
    return None


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the wall clock first shows `wall`, or skips it."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    if shown <= wall:
        return moment
    # Skipped: the clock jumped from before `wall` to after it. With fold=0 a skipped time gets the offset before the
    # jump, so it lands as far after the jump as `wall` is after the start of the gap.
    return _leap(moment - (shown - wall), moment, zone)


def _leap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the offset of the zone changes, between these two."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)

"""Which schedules hold at a moment, and the bounds that they make.

Start and end are of the wall clock of the schedule's time zone, as cron has it on the days that the clock is changed: a
time that is skipped comes at the moment of the change, and a time that comes twice counts the first time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from presto_operator.api import Autoscaling, DecisionReason, Schedule

_LARGEST_CHANGE = timedelta(hours=2)
"""No clock is put back by more than this; times of the day that repeat come again within it."""


@dataclass(frozen=True)
class Bound:
    """A number of workers that there must be at least, or at most, and whose wish that is."""

    workers: int
    reason: DecisionReason
    words: str


@dataclass(frozen=True)
class Bounds:
    """How many workers there may be at a moment."""

    floor: Bound
    """Never above the ceiling."""
    ceiling: Bound
    is_scheduled_floor: bool
    """Whether a schedule wants workers now, whatever the load."""


def bounds(settings: Autoscaling, now: datetime) -> Bounds:
    """How many workers there may be now.

    Of several floors the highest counts, of several ceilings the lowest. Where a floor is above the ceiling, the
    ceiling counts: it says what may be spent.
    """
    held = [schedule for schedule in settings.schedules if holds(schedule, now)]
    floors = [Bound(settings.min_replicas, "MinReplicas", f"minReplicas = {settings.min_replicas}")]
    ceilings = [Bound(settings.max_replicas, "MaxReplicas", f"maxReplicas = {settings.max_replicas}")]
    for schedule in held:
        if schedule.min_replicas is not None:
            words = f"floor of schedule '{schedule.name}' = {schedule.min_replicas}"
            floors.append(Bound(schedule.min_replicas, "ScheduleFloor", words))
        if schedule.max_replicas is not None:
            words = f"ceiling of schedule '{schedule.name}' = {schedule.max_replicas}"
            ceilings.append(Bound(schedule.max_replicas, "ScheduleCeiling", words))
    floor = max(floors, key=lambda bound: bound.workers)
    ceiling = min(ceilings, key=lambda bound: bound.workers)
    return Bounds(
        floor=ceiling if floor.workers > ceiling.workers else floor,
        ceiling=ceiling,
        is_scheduled_floor=len(floors) > 1,
    )


def holds(schedule: Schedule, now: datetime) -> bool:
    """Whether the schedule has begun and not ended: from the moment of a start to before the moment of the next end.

    Where both come at the same moment, as they may in an hour that the clock leaps over, it has ended.
    """
    start = _last(schedule.start, schedule.time_zone, now)
    if start is None:
        return False
    end = _last(schedule.end, schedule.time_zone, now)
    return end is None or start > end


def _last(expression: str, time_zone: str, now: datetime) -> datetime | None:
    """When the cron expression last came at `now` or before; None: never."""
    zone = ZoneInfo(time_zone)
    # Cron is reckoned on the wall clock without a zone, and each of its times is then found on the real one. Where the
    # clock was put back a while ago, times that it will show again have already come.
    wall = now.astimezone(zone).replace(tzinfo=None)
    shown_before = (now - _LARGEST_CHANGE).astimezone(zone).replace(tzinfo=None) + _LARGEST_CHANGE
    for time in CronSim(expression, max(wall, shown_before) + timedelta(seconds=1), reverse=True):
        moment = _moment(time, zone)
        if moment <= now:
            return moment
    return None


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the wall clock first shows `wall`, or leaps over it."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    if shown <= wall:
        return moment
    # Skipped: the clock leapt from before `wall` to after it. Of a skipped time, fold=0 has the offset before the leap,
    # so that it comes out as far after the leap as the time is after its start.
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

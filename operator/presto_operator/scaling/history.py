"""The history that windows and policies need: no more than that, and unchanged while nothing changes.

Recommendations are kept as peaks, not as samples. An earlier recommendation matters to the window of scaleDown only
while it is higher than the later ones, and to that of scaleUp only while it is lower. So a falling list and a rising
list give the same answers as a list of all samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from pydantic import ValidationError

from presto_operator.api import (
    MAX_PEAKS,
    MAX_SCALE_EVENTS,
    AutoscalingHistory,
    AutoscalingStatus,
    PastRecommendation,
    ScaleEvent,
    ScalingBehavior,
    whole_second,
)

_CELLS = 100
"""Into how many parts the longest period of a policy is divided to merge events."""
_UNMERGED = MAX_SCALE_EVENTS - _CELLS - 1
"""How many of the newest events stay as they are: policies with a short period need them. A period that begins within a
cell touches one cell more."""

_MANY = 1_000_000
"""More workers than a cluster can have: the lowest recommendation of a window that has none."""


def highest(history: AutoscalingHistory, cutoff: datetime) -> int:
    """The highest past recommendation after `cutoff`; 0 if none is above the present one."""
    return max((past.workers for past in history.highs if past.until > cutoff), default=0)


def lowest(history: AutoscalingHistory, cutoff: datetime) -> int:
    """The lowest past recommendation after `cutoff`; `_MANY` if none is below the present one."""
    return min((past.workers for past in history.lows if past.until > cutoff), default=_MANY)


def with_recommendation(
    history: AutoscalingHistory, recommended: int, *, wanted: int, behavior: ScalingBehavior, now: datetime
) -> AutoscalingHistory:
    """The history with the present recommendation; unchanged if the recommendation is.

    At first, the number of workers that run counts as the previous recommendation, so windows apply from the start.

    Only what lasted for the window of scaleUp counts for that of scaleDown: a moment's load that adds no worker keeps
    none, either.
    """
    before = wanted if history.recommended is None else history.recommended
    if recommended == before:
        return history if history.recommended is not None else history.model_copy(update={"recommended": recommended})
    ended = PastRecommendation(workers=before, until=whole_second(now))
    lasted = min(before, lowest(history, now - timedelta(seconds=behavior.scale_up.stabilization_window_seconds)))
    highs = [past for past in history.highs if past.workers > lasted]
    lows = [past for past in history.lows if past.workers < min(before, recommended)]
    if before > recommended:
        highs += [PastRecommendation(workers=lasted, until=whole_second(now))] if lasted > recommended else []
    else:
        lows.append(ended)
    since_down = now - timedelta(seconds=behavior.scale_down.stabilization_window_seconds)
    since_up = now - timedelta(seconds=behavior.scale_up.stabilization_window_seconds)
    return history.model_copy(
        update={
            "recommended": recommended,
            "highs": _bounded([past for past in highs if past.until > since_down]),
            "lows": _bounded([past for past in lows if past.until > since_up]),
        }
    )


def with_change(
    history: AutoscalingHistory, change: int, *, longest_period: timedelta, now: datetime
) -> AutoscalingHistory:
    """The history with a change of the number of workers by `change`, which may be negative."""
    if change == 0:
        return history
    event = ScaleEvent(workers=abs(change), time=whole_second(now))
    ups, downs = (
        tuple(past for past in events if past.time > now - longest_period)
        for events in (history.scale_ups, history.scale_downs)
    )
    if change > 0:
        ups = _merged((*ups, event), longest_period)
    else:
        downs = _merged((*downs, event), longest_period)
    return history.model_copy(update={"scale_ups": ups, "scale_downs": downs})


def with_idleness(history: AutoscalingHistory, now: datetime, *, is_idle: bool) -> AutoscalingHistory:
    """The history with whether there are any queries now."""
    if is_idle == (history.idle_since is not None):
        return history
    return history.model_copy(update={"idle_since": whole_second(now) if is_idle else None})


def read_autoscaling(status: Mapping[str, Any]) -> AutoscalingStatus | None:
    """status.autoscaling of a cluster's `status`; None if there is none that this release can read."""
    try:
        return AutoscalingStatus.model_validate(status["autoscaling"], by_alias=True, by_name=False)
    except (KeyError, ValidationError):
        return None


def _bounded(peaks: Sequence[PastRecommendation]) -> tuple[PastRecommendation, ...]:
    """At most MAX_PEAKS peaks: when two are merged, the higher (or lower) one takes the later end time."""
    kept = list(peaks)
    while len(kept) > MAX_PEAKS:
        # The two that ended closest to each other; the more extreme one comes first.
        index = min(range(len(kept) - 1), key=lambda place: kept[place + 1].until - kept[place].until)
        kept[index : index + 2] = [PastRecommendation(workers=kept[index].workers, until=kept[index + 1].until)]
    return tuple(kept)


def _merged(events: tuple[ScaleEvent, ...], longest_period: timedelta) -> tuple[ScaleEvent, ...]:
    """At most MAX_SCALE_EVENTS events: the older ones are merged where they fall into the same part of a fixed grid.

    A merged event has the time of its latest one, so it expires late by a cell at most: a hundredth of the period.
    """
    if len(events) <= MAX_SCALE_EVENTS:
        return events
    cell_seconds = max(1, ceil(longest_period.total_seconds() / _CELLS))
    older, newer = events[:-_UNMERGED], events[-_UNMERGED:]
    cells: dict[int, ScaleEvent] = {}
    for event in older:
        cell = int(event.time.timestamp()) // cell_seconds
        merged = event.workers + (cells[cell].workers if cell in cells else 0)
        cells[cell] = ScaleEvent(workers=merged, time=event.time)
    return (*cells.values(), *newer)

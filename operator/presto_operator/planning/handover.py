"""When clients are led from one generation to the next, and when the old one goes. Pure.

Without a gateway, a client whose query runs on the old coordinator asks the new one for its next page, unless it keeps
its connection, and fails. So a change waits for a moment in which nobody would notice, but not forever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from presto_operator.api import RolloutStatus
from presto_operator.objects import clock_time, kubernetes_time
from presto_operator.planning.observation import Observation
from presto_operator.planning.plan import NOTHING_WAITS, Hold, Plan
from presto_operator.presto import QueryActivity

LAST_PAGE = timedelta(seconds=5)
"""How long a client may take to fetch the last page of a query that Presto calls finished. Clients ask for the next
page as soon as they have the one before; Presto holds an answer back for a second at most."""

LONGEST_LINGER = timedelta(minutes=2)
"""How long an old generation stays at most for clients that keep their connections to it. It costs a whole second set
of workers, and helps only some of the clients."""


@dataclass(frozen=True)
class Handover:
    """What stands between a plan that would do everything at once and the clients."""

    plan: Plan
    """What is to be done when nothing waits."""
    observation: Observation
    record: RolloutStatus | None
    """The roll-out that goes on, as status has it."""
    serving: str | None
    """The generation that clients are led to now."""

    @property
    def is_takeover(self) -> bool:
        """Whether the plan leads clients away from a generation."""
        return self.serving is not None and self.plan.serving_generation != self.serving

    @property
    def lingering(self) -> str | None:
        """The generation that clients were led away from, as long as it is there."""
        record = self.record
        if record is None or record.finished_at is not None or record.to_generation != self.serving:
            return None
        former = record.from_generation
        is_there = former in self.observation.generations()
        return former if is_there and former not in (record.to_generation, self.plan.wanted_generation) else None

    @property
    def generation_to_ask(self) -> str | None:
        """The generation whose queries decide what may be done now; None if none do, or if it has no one to ask."""
        generation = self.lingering or (self.serving if self.is_takeover else None)
        return generation if generation is not None and self.observation.coordinator_is_ready(generation) else None

    def hold(self, activity: QueryActivity | None, *, drain_timeout: timedelta, now: datetime) -> Hold:
        """What has to wait.

        Args:
            activity: the queries of `generation_to_ask`; None if it could not be asked.
            drain_timeout: how long a complete generation waits at most.
            now: the time.
        """
        generation = self.generation_to_ask
        if generation is None:
            return NOTHING_WAITS
        if generation == self.lingering:
            return self._hold_lingering(generation, activity, min(drain_timeout, LONGEST_LINGER), now)
        until = self._ready_since(now) + drain_timeout
        if _may_go(activity, until, now):
            return NOTHING_WAITS
        return Hold(
            takeover=True,
            message=f"generation {self.plan.wanted_generation} is ready and takes over when no query runs on "
            f"{generation}, at the latest at {clock_time(until)}; {_unfinished(activity)}",
        )

    def _hold_lingering(
        self, generation: str, activity: QueryActivity | None, longest: timedelta, now: datetime
    ) -> Hold:
        since = kubernetes_time(self.record.switched_at if self.record else None) or now
        until = since + longest
        # Until all nodes have heard of the change, they may lead new clients to the old coordinator, too.
        if now - since >= LAST_PAGE and _may_go(activity, until, now):
            return NOTHING_WAITS
        return Hold(
            takeover=self.is_takeover,
            lingering=generation,
            message=f"generation {generation} no longer serves, and goes when none of its clients is busy any more, at "
            f"the latest at {clock_time(until)}; {_unfinished(activity)}",
        )

    def _ready_since(self, now: datetime) -> datetime:
        if self.record is None or self.record.to_generation != self.plan.wanted_generation:
            return now
        return kubernetes_time(self.record.ready_at) or now


def _may_go(activity: QueryActivity | None, until: datetime, now: datetime) -> bool:
    """Whether no client is busy. Where that isn't known, one may be."""
    is_quiet = activity is not None and not activity.since(now - LAST_PAGE)
    return is_quiet or now >= until


def _unfinished(activity: QueryActivity | None) -> str:
    if activity is None:
        return "its queries can't be asked for now"
    count = len(activity.unfinished)
    if count == 0:
        return "its last query has just ended"
    return "1 query is unfinished now" if count == 1 else f"{count} queries are unfinished now"

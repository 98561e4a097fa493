"""When clients are switched from one generation to the next, and when the old one is removed. Pure.

Without a gateway, a client whose query runs on the old coordinator fails: it asks the new one for its next page, unless
it keeps its connection. So the switch waits for a moment without queries, but not forever.
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
"""How long an old generation is kept at most for clients that keep their connections to it. It costs a whole second set
of workers, and helps only some of the clients."""


@dataclass(frozen=True)
class Handover:
    """Which steps of a plan have to wait, so that no query is interrupted."""

    plan: Plan
    """What is to be done if nothing waits."""
    observation: Observation
    record: RolloutStatus | None
    """status.rollout."""
    serving: str | None
    """The generation that clients reach now."""

    @property
    def is_takeover(self) -> bool:
        """Whether the plan switches clients to another generation."""
        return self.serving is not None and self.plan.serving_generation != self.serving

    @property
    def lingering(self) -> str | None:
        """The generation that clients were switched away from, as long as it exists."""
        record = self.record
        if record is None or record.finished_at is not None or record.to_generation != self.serving:
            return None
        former = record.from_generation
        is_there = former in self.observation.generations()
        return former if is_there and former not in (record.to_generation, self.plan.wanted_generation) else None

    @property
    def generation_to_ask(self) -> str | None:
        """The generation whose queries decide what may be done now; None if none do or its coordinator isn't ready."""
        generation = self.lingering or (self.serving if self.is_takeover else None)
        return generation if generation is not None and self.observation.coordinator_is_ready(generation) else None

    def hold(
        self, activity: QueryActivity | None, *, drain_timeout: timedelta, now: datetime, is_current: bool = True
    ) -> Hold:
        """What has to wait.

        Args:
            activity: the queries of `generation_to_ask`; None if they are unknown.
            is_current: whether they are of this moment; otherwise nothing ends on them.
            drain_timeout: how long a complete generation waits at most.
            now: the time.
        """
        generation = self.generation_to_ask
        if generation is None:
            return NOTHING_WAITS
        if generation == self.lingering:
            return self._hold_lingering(
                generation, activity, min(drain_timeout, LONGEST_LINGER), now, is_current=is_current
            )
        until = self._ready_since(now) + drain_timeout
        if _may_go(activity if is_current else None, until, now):
            return NOTHING_WAITS
        return Hold(
            takeover=True,
            message=f"generation {self.plan.wanted_generation} is ready and takes over once no queries run on "
            f"{generation}, at {clock_time(until)} at the latest; {_unfinished(activity)}",
        )

    def _hold_lingering(
        self, generation: str, activity: QueryActivity | None, longest: timedelta, now: datetime, *, is_current: bool
    ) -> Hold:
        since = kubernetes_time(self.record.switched_at if self.record else None) or now
        until = since + longest
        # kube-proxy may send new clients to the old coordinator until all nodes have heard of the change.
        if now - since >= LAST_PAGE and _may_go(activity if is_current else None, until, now):
            return NOTHING_WAITS
        return Hold(
            takeover=self.is_takeover,
            lingering=generation,
            message=f"generation {generation} no longer gets new queries, and is removed once its queries are done, at "
            f"{clock_time(until)} at the latest; {_unfinished(activity)}",
        )

    def _ready_since(self, now: datetime) -> datetime:
        if self.record is None or self.record.to_generation != self.plan.wanted_generation:
            return now
        return kubernetes_time(self.record.ready_at) or now


def _may_go(activity: QueryActivity | None, until: datetime, now: datetime) -> bool:
    """Whether no client is busy, or the time is over. While queries are unknown, a client may be busy."""
    is_quiet = activity is not None and not activity.since(now - LAST_PAGE)
    return is_quiet or now >= until


def _unfinished(activity: QueryActivity | None) -> str:
    if activity is None:
        return "its coordinator does not report its queries now"
    count = len(activity.unfinished)
    if count == 0:
        return "its last query has just ended"
    return "1 query is running" if count == 1 else f"{count} queries are running"

"""The pace of a roll-out: how many workers each revision of each pool gets next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Revision:
    """The workers of one revision of a pool: one Deployment, as it is observed."""

    name: str
    pool: str
    is_wanted: bool
    """Whether its workers match the spec. Workers of other revisions are to be replaced."""
    replicas: int
    """Replicas desired so far."""
    pods: int
    """Workers that it has, without those that are terminating."""
    ready: int
    available: int
    """Workers that have been ready for long enough that their coordinator knows them."""
    failing: int = 0
    """Workers that can't start: they crash, or their image can't be pulled."""
    is_urgent: bool = False
    """Whether its workers are replaced before those of other revisions."""
    uncounted: int = 0
    """Workers that are ready, and that the status of their Deployment doesn't count yet."""

    def available_with(self, replicas: int) -> int:
        """How many available workers are left for certain after scaling it to `replicas`.

        Kubernetes removes workers that aren't ready first. Of those that are, it may remove an available one before one
        that became ready a moment ago.
        """
        return max(0, self.available - max(0, self.ready + self.uncounted - replicas))

    @property
    def is_broken(self) -> bool:
        """Whether none of its workers can start, so that removing them costs nothing."""
        return self.ready == 0 and 0 < self.pods <= self.failing


@dataclass(frozen=True)
class Step:
    """How many workers to have next."""

    replicas_by_pool: dict[str, int]
    """Workers that match the spec, by pool."""
    old_replicas: dict[str, int]
    """Workers of each old revision, by its name."""


def next_step(wanted: Mapping[str, int], revisions: Sequence[Revision], *, leaving: int, max_surge: int) -> Step:
    """The next step from the present workers to the desired ones.

    While there are old workers,

    - no step removes an available worker if fewer than desired would be left;
    - there are never more workers than desired plus `max_surge`, draining ones included, so that at most `max_surge`
      drain at once;
    - workers that aren't available are removed before those that are.

    A higher desired number is requested at once, whatever else happens; a lower one applies at once, old workers first.
    Without old workers there is nothing to pace, and the desired numbers apply at once.

    Args:
        wanted: workers desired in each pool of the spec.
        revisions: the present revisions, including those of pools that the spec no longer has.
        leaving: workers that drain; they count until they are gone.
        max_surge: how many workers there may be beyond the desired number; at least 1.
    """
    if not any(revision.replicas for revision in revisions if not revision.is_wanted):
        return Step(dict(wanted), {revision.name: 0 for revision in revisions if not revision.is_wanted})
    pace = _Pace(wanted, revisions, leaving, max_surge)
    pace.scale_down()
    pace.remove_old()
    pace.add_new()
    return Step(
        {pool: pace.new[pool] for pool in wanted},
        {revision.name: pace.replicas[revision.name] for revision in pace.old},
    )


class _Pace:
    """The step while it is computed."""

    def __init__(self, wanted: Mapping[str, int], revisions: Sequence[Revision], leaving: int, max_surge: int) -> None:
        self._wanted = wanted
        self._max_surge = max_surge
        self._total_wanted = sum(wanted.values())
        self.old = [revision for revision in revisions if not revision.is_wanted]
        self._current = {revision.pool: revision for revision in revisions if revision.is_wanted}
        self.replicas = {revision.name: revision.replicas for revision in self.old}
        self.new = {
            pool: min(count, self._current[pool].replicas) if pool in self._current else 0
            for pool, count in wanted.items()
        }
        # Workers removed by an earlier step may not be terminating yet.
        told_to_go = sum(max(0, revision.pods - revision.replicas) for revision in revisions)
        no_longer_wanted = sum(revision.replicas - self.new[pool] for pool, revision in self._current.items())
        self._leaving = leaving + told_to_go + no_longer_wanted

    @property
    def _total(self) -> int:
        return sum(self.replicas.values()) + sum(self.new.values())

    @property
    def _new_available(self) -> int:
        return sum(
            revision.available_with(self.new[pool]) for pool, revision in self._current.items() if pool in self.new
        )

    @property
    def _available(self) -> int:
        return self._new_available + sum(revision.available_with(self.replicas[revision.name]) for revision in self.old)

    def scale_down(self) -> None:
        """Remove workers beyond the desired number: old ones first, then new ones that don't serve either."""
        is_complete = self.new == dict(self._wanted) and self._new_available >= self._total_wanted
        room = self._total_wanted + (0 if is_complete else self._max_surge)
        while self._total > room:
            victim = self._next_to_go([revision for revision in self.old if self._can_spare_one(revision)])
            if victim is not None:
                self.replicas[victim.name] -= 1
            elif not self._take_back_a_new_one():
                return
            self._leaving += 1

    def remove_old(self) -> None:
        """Remove old workers that have been replaced, but not too many at once."""
        while self._leaving < self._max_surge:
            victim = self._next_to_go([revision for revision in self.old if self._is_replaced(revision)])
            if victim is None:
                return
            self.replicas[victim.name] -= 1
            self._leaving += 1

    def add_new(self) -> None:
        """Fill up to the desired number in any case, and up to the surge as draining workers leave room."""
        missing = self._total_wanted - self._total
        room = self._total_wanted + self._max_surge - self._total - self._leaving
        for _ in range(max(missing, room)):
            short = [pool for pool, count in self._wanted.items() if self.new[pool] < count]
            if not short:
                return
            self.new[max(short, key=lambda pool: (self._gap(pool), self._wanted[pool] - self.new[pool]))] += 1

    def _gap(self, pool: str) -> int:
        """How many workers the pool lacks, of whatever revision."""
        old = sum(self.replicas[revision.name] for revision in self.old if revision.pool == pool)
        return self._wanted.get(pool, 0) - self.new.get(pool, 0) - old

    def _loss(self, revision: Revision) -> int:
        """How many available workers the revision may lose with one replica less."""
        replicas = self.replicas[revision.name]
        return revision.available_with(replicas) - revision.available_with(replicas - 1)

    def _can_spare_one(self, revision: Revision) -> bool:
        """Whether enough available workers are left without one of this revision."""
        loss = self._loss(revision)
        return loss == 0 or self._available - loss >= self._total_wanted

    def _is_replaced(self, revision: Revision) -> bool:
        """Whether another worker has replaced one of this revision.

        A worker that isn't available has to be replaced as well: if a moment of unreadiness were enough to remove it, a
        new revision that never starts would displace one old worker after the other.
        """
        if revision.is_broken:
            return True
        rest = sum(self.replicas.values()) - 1 + self._new_available
        return rest >= self._total_wanted and self._can_spare_one(revision)

    def _next_to_go(self, candidates: Sequence[Revision]) -> Revision | None:
        """The revision to take the next worker from: one that loses nothing by it, else one with the most to spare."""
        there = [revision for revision in candidates if self.replicas[revision.name] > 0]
        if not there:
            return None
        return min(
            there,
            key=lambda revision: (
                not revision.is_broken,
                self._loss(revision),
                not revision.is_urgent,
                self._gap(revision.pool),
                revision.name,
            ),
        )

    def _take_back_a_new_one(self) -> bool:
        """Request one new worker less, if that costs no available one; returns whether that was possible."""
        for pool, replicas in sorted(self.new.items(), key=lambda item: (-item[1], item[0])):
            revision = self._current.get(pool)
            if replicas > 0 and (revision is None or not _loses(revision, replicas)):
                self.new[pool] -= 1
                return True
        return False


def _loses(revision: Revision, replicas: int) -> bool:
    return revision.available_with(replicas - 1) < revision.available_with(replicas)

"""Workers and Kubernetes' controllers in memory, as far as a roll-out meets them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Literal

from presto_operator.scaling import AtRisk, Candidate, Revision, departure, next_turnover

State = Literal["starting", "ready", "available"]

Key = tuple[str, str]
"""A pool and a revision in it: one Deployment."""

_numbers = itertools.count(1)


@dataclass
class Worker:
    """A worker's pod."""

    key: Key
    state: State = "starting"
    is_leaving: bool = False
    is_at_risk: bool = False
    """Whether its node may go."""
    is_marked: bool = False
    """Whether it has been chosen to leave."""
    number: int = field(default_factory=lambda: next(_numbers))


class Fleet:
    """Worker pods of some Deployments, in which one thing after the other happens in an order drawn by chance."""

    def __init__(self, wanted: Mapping[str, int], *, max_surge: int, chance: Random) -> None:
        self.wanted = dict(wanted)
        self.max_surge = max_surge
        self.chance = chance
        self.revision = "a"
        self.bad: set[str] = set()
        """Revisions whose workers crash at their start."""
        self.replicas: dict[Key, int] = {}
        self.workers: list[Worker] = []
        self.most_over_wanted = 0
        """The most workers more than wanted that there ever were, those that leave included."""
        self.lost: list[str] = []
        """Each available worker that was taken when fewer than wanted were left."""
        self._wanted_when_lowered: dict[Key, int] = {}

    @property
    def total_wanted(self) -> int:
        """Workers wanted in all pools."""
        return sum(self.wanted.values())

    @property
    def available(self) -> list[Worker]:
        """Workers that serve, and aren't on their way out."""
        return [worker for worker in self.workers if worker.state == "available" and not worker.is_leaving]

    @property
    def is_done(self) -> bool:
        """Whether all is as wanted and nobody is on the way in or out."""
        if any(worker.is_at_risk for worker in self.workers):
            return False
        there = {key: sum(1 for worker in self.workers if worker.key == key) for key in self.replicas}
        goal = {(pool, self.revision): count for pool, count in self.wanted.items()}
        return {key: count for key, count in there.items() if count} == {
            key: count for key, count in goal.items() if count
        } and len(self.available) == self.total_wanted

    def want(self, wanted: Mapping[str, int]) -> None:
        """Let the user scale, or change the pools."""
        self.wanted = dict(wanted)
        # Who was told to go when more were wanted may go when fewer are.
        for key, count in self._wanted_when_lowered.items():
            self._wanted_when_lowered[key] = min(count, self.total_wanted)

    def step(self) -> None:
        """What the operator does in a pass."""
        revisions = [self._observed(key) for key in self.replicas]
        leaving = sum(1 for worker in self.workers if worker.is_leaving)
        step = next_turnover(self.wanted, revisions, self._at_risk(), leaving=leaving, max_surge=self.max_surge)
        names = {_name(key): key for key in self.replicas}
        for name, replicas in step.old_replicas.items():
            self._tell(names[name], replicas, 0)
        for pool, replicas in step.replicas_by_pool.items():
            self._tell((pool, self.revision), replicas, step.at_risk_to_go.get(pool, 0))

    def put_at_risk(self, share: float) -> None:
        """Let about this share of the nodes be at risk from now on. What starts later gets other nodes."""
        for worker in self.workers:
            worker.is_at_risk |= self.chance.random() < share

    def happen(self) -> None:
        """Let one thing happen that may happen now."""
        kinds = ["operator", "operator", "controller", "controller", "ready", "available", "gone"]
        {
            "operator": self.step,
            "controller": self._sync_one,
            "ready": self._get_ready,
            "available": self._get_available,
            "gone": self._be_gone,
        }[self.chance.choice(kinds)]()
        self.most_over_wanted = max(self.most_over_wanted, len(self.workers) - self.total_wanted)

    def run(self, things: int) -> None:
        """Let this many things happen."""
        for _ in range(things):
            self.happen()

    def run_until_done(self, limit: int = 20_000) -> None:
        """Let things happen until all is as wanted.

        Raises:
            AssertionError: it never is.
        """
        for _ in range(limit):
            if self.is_done:
                return
            self.happen()
        raise AssertionError(f"not done: {self.replicas}, {len(self.available)} available of {self.wanted}")

    def settle_controllers(self) -> None:
        """Let Kubernetes catch up with what it was told."""
        for key in self.replicas:
            self._sync(key)

    def _observed(self, key: Key) -> Revision:
        pool, revision = key
        there = [worker for worker in self.workers if worker.key == key and not worker.is_leaving]
        return Revision(
            name=_name(key),
            pool=pool,
            is_wanted=revision == self.revision and pool in self.wanted,
            replicas=self.replicas[key],
            pods=len(there),
            ready=sum(1 for worker in there if worker.state != "starting"),
            available=sum(1 for worker in there if worker.state == "available"),
            failing=len(there) if revision in self.bad else 0,
        )

    def _at_risk(self) -> dict[str, AtRisk]:
        found = {}
        for key in self.replicas:
            there = [worker for worker in self._at_work(key) if worker.is_at_risk]
            found[_name(key)] = AtRisk(len(there), sum(1 for worker in there if worker.state != "starting"))
        return found

    def _at_work(self, key: Key) -> list[Worker]:
        return [worker for worker in self.workers if worker.key == key and not worker.is_leaving]

    def _tell(self, key: Key, replicas: int, to_be_replaced: int) -> None:
        there = {str(worker.number): worker for worker in self._at_work(key)}
        is_lowered = replicas < self.replicas.get(key, 0)
        if is_lowered or to_be_replaced:
            self._wanted_when_lowered[key] = self.total_wanted
        candidates = [
            Candidate(
                name,
                datetime.fromtimestamp(worker.number, UTC),
                is_ready=worker.state != "starting",
                is_available=worker.state == "available",
                is_first_to_go=worker.is_at_risk,
                is_to_be_replaced=worker.is_at_risk and key[1] == self.revision,
            )
            for name, worker in there.items()
        ]
        fewer = max(0, len(there) - replicas) if is_lowered else 0
        leaving = departure(candidates, fewer=fewer, to_be_replaced=to_be_replaced)
        for name in leaving.chosen:
            there[name].is_marked = True
        self.replicas[key] = replicas
        for name in leaving.deleted:
            self._leave(there[name])

    def _sync_one(self) -> None:
        if self.replicas:
            self._sync(self.chance.choice(sorted(self.replicas)))

    def _sync(self, key: Key) -> None:
        there = self._at_work(key)
        missing = self.replicas[key] - len(there)
        self.workers += [Worker(key) for _ in range(missing)]
        if missing < 0:
            self.chance.shuffle(there)
            # As a ReplicaSet's controller does: those that aren't ready first, then those that are marked. Of the
            # others it may take any.
            there.sort(key=lambda worker: (worker.state != "starting", not worker.is_marked))
            for worker in there[:-missing]:
                self._leave(worker)

    def _leave(self, worker: Worker) -> None:
        worker.is_leaving = True
        worker.is_at_risk = False
        left = len(self.available)
        if worker.state == "available" and left < self._wanted_when_lowered[worker.key]:
            self.lost.append(f"{worker.key}: {left} of {self._wanted_when_lowered[worker.key]} are left")

    def _get_ready(self) -> None:
        # Not between the operator's look and the controller's deed: a worker that gets ready just then may be spared
        # for one that serves, and nobody could have known.
        starting = [
            worker
            for worker in self.workers
            if worker.state == "starting"
            and not worker.is_leaving
            and worker.key[1] not in self.bad
            and not self._has_to_shrink(worker.key)
        ]
        if starting:
            self.chance.choice(starting).state = "ready"

    def _has_to_shrink(self, key: Key) -> bool:
        there = sum(1 for worker in self.workers if worker.key == key and not worker.is_leaving)
        return there > self.replicas[key]

    def _get_available(self) -> None:
        # Neither between a look and a deed, for the same reason.
        ready = [
            worker
            for worker in self.workers
            if worker.state == "ready" and not worker.is_leaving and not self._has_to_shrink(worker.key)
        ]
        if ready:
            self.chance.choice(ready).state = "available"

    def _be_gone(self) -> None:
        leaving = [worker for worker in self.workers if worker.is_leaving]
        if leaving:
            self.workers.remove(self.chance.choice(leaving))


def _name(key: Key) -> str:
    return "-".join(key)

"""Workers and Kubernetes' controllers in memory, as far as a roll-out meets them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from presto_operator.scaling import Revision, next_step

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
        step = next_step(self.wanted, revisions, leaving=leaving, max_surge=self.max_surge)
        names = {_name(key): key for key in self.replicas}
        for name, replicas in step.old_replicas.items():
            self._tell(names[name], replicas)
        for pool, replicas in step.replicas_by_pool.items():
            self._tell((pool, self.revision), replicas)

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

    def _tell(self, key: Key, replicas: int) -> None:
        if replicas < self.replicas.get(key, 0):
            self._wanted_when_lowered[key] = self.total_wanted
        self.replicas[key] = replicas

    def _sync_one(self) -> None:
        if self.replicas:
            self._sync(self.chance.choice(sorted(self.replicas)))

    def _sync(self, key: Key) -> None:
        there = [worker for worker in self.workers if worker.key == key and not worker.is_leaving]
        missing = self.replicas[key] - len(there)
        self.workers += [Worker(key) for _ in range(missing)]
        if missing < 0:
            self.chance.shuffle(there)
            # As a ReplicaSet's controller does: those that aren't ready first. Of the others it may take any.
            there.sort(key=lambda worker: worker.state != "starting")
            for worker in there[:-missing]:
                worker.is_leaving = True
                left = len(self.available)
                if worker.state == "available" and left < self._wanted_when_lowered[key]:
                    self.lost.append(f"{worker.key}: {left} of {self._wanted_when_lowered[key]} are left")

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
        ready = [worker for worker in self.workers if worker.state == "ready" and not worker.is_leaving]
        if ready:
            self.chance.choice(ready).state = "available"

    def _be_gone(self) -> None:
        leaving = [worker for worker in self.workers if worker.is_leaving]
        if leaving:
            self.workers.remove(self.chance.choice(leaving))


def _name(key: Key) -> str:
    return "-".join(key)

"""How many clusters start another generation at the same time: each needs its nodes twice meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

from presto_operator.kube import DEPLOYMENT, ClusterKey, ObjectStore
from presto_operator.objects import generation_of, role_of
from presto_operator.planning import MAY_START, Seen, Turn, Valid

LONGEST_TURN = timedelta(minutes=30)
"""How long a cluster counts that starts another generation. One that never gets ready must not hold up the others."""


class Turns:
    """Counts the clusters that start another generation. After a restart, those that have two coordinators count."""

    def __init__(self, store: ObjectStore, limit: int) -> None:
        """`limit` is how many clusters may start another generation at the same time."""
        self._store = store
        self._limit = limit
        self._begun: dict[ClusterKey, datetime] = {}

    def turn(self, key: ClusterKey, seen: Seen) -> Turn:
        """Whether this cluster may start the generation that its spec asks for. If it may, it counts from now on."""
        if not self._is_change(seen):
            self._begun.pop(key, None)
            return MAY_START
        self._note_others(key, seen.now)
        others = tuple(
            str(other) for other, begun in sorted(self._begun.items()) if other != key and self._counts(begun, seen)
        )
        is_started = isinstance(seen.spec, Valid) and seen.spec.generation.name in seen.observation.generations()
        is_urgent = seen.serving is None or not seen.observation.coordinator_is_ready(seen.serving.name)
        may_start = is_started or is_urgent or len(others) < self._limit
        if may_start:
            self._begun.setdefault(key, seen.now)
        return Turn(may_start=may_start, limit=self._limit, others=others)

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._begun.pop(key, None)

    def _note_others(self, key: ClusterKey, now: datetime) -> None:
        for other in self._store.clusters():
            coordinators = {
                generation_of(obj) for obj in self._store.list(other, DEPLOYMENT) if role_of(obj) == "coordinator"
            }
            if other != key and len(coordinators) > 1:
                self._begun.setdefault(other, now)

    def _counts(self, begun: datetime, seen: Seen) -> bool:
        return seen.now - begun < LONGEST_TURN

    @staticmethod
    def _is_change(seen: Seen) -> bool:
        return isinstance(seen.spec, Valid) and seen.serving_name not in (None, seen.spec.generation.name)

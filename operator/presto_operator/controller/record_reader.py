"""Reading what the serving generation was rendered to, when the spec asks for another one."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from presto_operator.desired import RecordedGeneration, newest_record, recorded_generation, recorded_objects
from presto_operator.kube import ApiError, ClusterKey, ObjectReader, kind_of
from presto_operator.objects import KubernetesObject, name_of, namespace_of, uid_of
from presto_operator.planning import Observation

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Known:
    """A record that was read. Its parts can't change, so it is read once."""

    uids: tuple[str, ...]
    recorded: RecordedGeneration | None


class RecordReader:
    """Reads records from the API server: watches need not keep their contents."""

    def __init__(self, api: ObjectReader) -> None:
        self._api = api
        self._known: dict[tuple[ClusterKey, str], _Known] = {}

    async def read(
        self, key: ClusterKey, observation: Observation, generation: str, *, owner_uid: str
    ) -> RecordedGeneration | None:
        """The generation of this name as it was rendered; None if it has no record, or if that can't be read now."""
        parts = newest_record(observation.children, generation)
        uids = tuple(map(uid_of, parts))
        known = self._known.get((key, generation))
        if known is not None and known.uids == uids:
            return known.recorded
        try:
            found = [obj for part in parts if (obj := await self._get(part)) is not None]
        except ApiError as error:
            _logger.warning("%s: the record of generation %s can't be read: %s", key, generation, error)
            return None
        recorded = recorded_generation(generation, recorded_objects(found, uid=owner_uid))
        self._known[key, generation] = _Known(uids, recorded)
        return recorded

    def forget(self, key: ClusterKey, *, besides: frozenset[str] = frozenset()) -> None:
        """Drop what is known of a cluster, but for these generations."""
        for known in [known for known in self._known if known[0] == key and known[1] not in besides]:
            del self._known[known]

    async def _get(self, part: KubernetesObject) -> KubernetesObject | None:
        return await self._api.get(kind_of(part["kind"]), namespace_of(part), name_of(part))

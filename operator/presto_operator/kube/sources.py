"""Reading the Secrets and ConfigMaps that specs refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from presto_operator.api import SourceData, SourceObject
from presto_operator.kube.api_server import ObjectReader
from presto_operator.kube.kind import kind_of
from presto_operator.objects import text_data


@dataclass(frozen=True)
class _Known:
    data: Mapping[str, str] | None
    read_at: datetime


class SourceReader:
    """The contents of users' Secrets and ConfigMaps."""

    def __init__(self, api: ObjectReader, clock: Callable[[], datetime], interval: timedelta) -> None:
        """Contents are read again when they are older than `interval`.

        Clusters in one namespace share what is read, so an object costs the API server one small read in that time,
        however many clusters refer to it. (A watch would be sooner by seconds, and would have every Secret of every
        namespace in our memory.)
        """
        self._interval = interval
        self._api = api
        self._clock = clock
        self._known: dict[tuple[str, SourceObject], _Known] = {}

    async def read(self, namespace: str, sources: Iterable[SourceObject]) -> SourceData:
        """The data of these objects; None for one that doesn't exist.

        Raises:
            ApiError: the API server refused it or could not be reached.
        """
        return {source: await self._read(namespace, source) for source in sorted(set(sources))}

    async def _read(self, namespace: str, source: SourceObject) -> Mapping[str, str] | None:
        now = self._clock()
        known = self._known.get((namespace, source))
        if known is not None and now - known.read_at < self._interval:
            return known.data
        obj = await self._api.get(kind_of(source.kind), namespace, source.name)
        data = None if obj is None else text_data(obj)
        self._known = {key: value for key, value in self._known.items() if now - value.read_at < 4 * self._interval}
        self._known[namespace, source] = _Known(data, now)
        return data

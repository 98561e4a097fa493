"""Reading the Secrets and ConfigMaps that specs refer to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from presto_operator.api import SourceData, SourceObject
from presto_operator.bounds import SOURCE_READ_SECONDS, SOURCE_READS_AT_ONCE
from presto_operator.kube.api_server import ApiError, ObjectReader
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

        Several are read at the same time, and all of them within `bounds.SOURCE_READ_SECONDS`.

        Raises:
            ApiError: the API server refused it, could not be reached, or took too long.
        """
        now = self._clock()
        self._known = {key: value for key, value in self._known.items() if now - value.read_at < 4 * self._interval}
        wanted = sorted(set(sources))
        fresh = {source: known.data for source in wanted if (known := self._fresh(namespace, source, now)) is not None}
        missing = [source for source in wanted if source not in fresh]
        return {**fresh, **await self._read_all(namespace, missing)} if missing else fresh

    def _fresh(self, namespace: str, source: SourceObject, now: datetime) -> _Known | None:
        known = self._known.get((namespace, source))
        return known if known is not None and now - known.read_at < self._interval else None

    async def _read_all(self, namespace: str, sources: list[SourceObject]) -> SourceData:
        turns = asyncio.Semaphore(SOURCE_READS_AT_ONCE)

        async def read(source: SourceObject) -> Mapping[str, str] | None:
            async with turns:
                return await self._read(namespace, source)

        try:
            async with asyncio.timeout(SOURCE_READ_SECONDS), asyncio.TaskGroup() as group:
                reads = {source: group.create_task(read(source)) for source in sources}
        except TimeoutError as error:
            raise ApiError(0, f"not all were read within {SOURCE_READ_SECONDS} s") from error
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        return {source: task.result() for source, task in reads.items()}

    async def _read(self, namespace: str, source: SourceObject) -> Mapping[str, str] | None:
        obj = await self._api.get(kind_of(source.kind), namespace, source.name)
        data = None if obj is None else text_data(obj)
        self._known[namespace, source] = _Known(data, self._clock())
        return data

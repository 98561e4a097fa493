"""Keeping a copy of all objects of a kind up to date: a list, then a watch from there on, and again if it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Iterable
from typing import Protocol

from presto_operator.kube.api_server import ApiError, ObjectReader, Selection, WatchEvent
from presto_operator.objects import KubernetesObject, resource_version_of

_FIRST_DELAY_SECONDS = 0.1
_LONGEST_DELAY_SECONDS = 30.0
_STABLE_SECONDS = 30.0
"""What has worked for so long is tried again soon when it breaks."""
_SHORTEST_WATCH_SECONDS = 1.0
"""A watch that the API server ends sooner, without any event, is an error."""
_CHECK_SECONDS = 60.0
_GRACE_SECONDS = 5.0
"""How much longer than agreed a watch may last."""

_logger = logging.getLogger(__name__)


class Listing(Protocol):
    """A complete list that is being taken, page by page."""

    def reset(self) -> None:
        """Take the list for the truth, whatever is known: the API server has gone back in time.

        Called before the first `add`.
        """
        ...

    def add(self, items: Iterable[KubernetesObject]) -> None:
        """Take a page of it."""
        ...

    def finish(self, resource_version: int) -> object:
        """What was not in the list is gone. It is as of `resource_version`: what is newer may be missing in it."""
        ...


class Copy(Protocol):
    """Where the objects are kept."""

    def newest(self) -> int:
        """The highest resourceVersion that was seen; 0 if none was."""
        ...

    def relist(self) -> Listing:
        """Begin to take a complete list."""
        ...

    def see(self, event_type: str | None, obj: KubernetesObject) -> None:
        """Take an event of a watch."""
        ...


class Reflector:
    """Keeps the copy of one selection of objects up to date.

    Whatever the API server answers, a watch that breaks is followed by a new list, after a delay that grows to
    half a minute. If the list is older than what is known, then the API server's data was restored from a backup, and
    the list replaces everything.
    """

    def __init__(
        self,
        api: ObjectReader,
        selection: Selection,
        copy: Copy,
        *,
        relist_seconds: float,
        is_watched: bool = True,
    ) -> None:
        """Lists at least every `relist_seconds`. Without a watch, something else brings what happens in between."""
        self._api = api
        self.selection = selection
        """What is copied."""
        self._copy = copy
        self._relist_seconds = relist_seconds
        self._is_watched = is_watched
        self._version = 0
        """Where the next watch begins: the resourceVersion of the last list or event."""
        self._newest = 0
        """The highest resourceVersion that the API server has told us."""
        self._listed_at: float | None = None
        self._last_news = -math.inf
        self._is_asked_to_list = asyncio.Event()
        self._time_limit: asyncio.Timeout | None = None
        """Of the watch that is open."""
        self._failures = 0
        self._last_error = ""

    @property
    def is_synced(self) -> bool:
        """Whether a complete list was taken."""
        return self._listed_at is not None

    @property
    def kind(self) -> str:
        """The name of the kind."""
        return self.selection.kind.name

    def age(self) -> float:
        """Seconds since the API server last said that the copy is up to date; infinite before the first list."""
        return _now() - self._last_news

    def ask_for_list(self) -> None:
        """Let the next list be taken at once."""
        self._is_asked_to_list.set()
        if self._time_limit is not None and not self._time_limit.expired():
            self._time_limit.reschedule(_now())

    async def list(self) -> None:
        """Take a complete list.

        Raises:
            ApiError: the API server refused it, could not be reached, or answered nonsense.
        """
        self._is_asked_to_list.clear()
        known = max(self._newest, self._copy.newest())
        listing, version = self._copy.relist(), 0
        async with contextlib.aclosing(self._api.pages(self.selection)) as pages:
            async for page in pages:
                if not version and page.resource_version < known:
                    _logger.warning("%s: the API server's data is older than before; taking it anew", self.selection)
                    listing.reset()
                version = page.resource_version
                listing.add(page.items)
        listing.finish(version)
        self._version = self._newest = version
        self._listed_at = self._last_news = _now()

    async def run(self) -> None:
        """Keep the copy up to date, forever. Begins with a watch if a list was taken just before."""
        while True:
            started = _now()
            try:
                await self._follow()
                await self.list()
            except ApiError as error:
                self._report(str(error))
            except Exception as error:
                # Whatever went wrong, a new list puts it right, and an end of this task would leave the copy to age.
                _logger.exception("watch of %s failed", self.selection)
                self._report(type(error).__name__)
            else:
                self._forgive(started)
                continue
            self._forgive(started)
            delay = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** min(self._failures, 10))
            self._failures += 1
            self.ask_for_list()
            await asyncio.sleep(delay)

    def _forgive(self, started: float) -> None:
        """Forget earlier failures if everything has worked for long enough since `started`.

        A list alone is not enough: of a kind that can be listed and not watched there would be a list after the other.
        """
        if _now() - started >= min(_STABLE_SECONDS, self._relist_seconds):
            self._failures = 0

    def _report(self, error: str) -> None:
        """Log what is new: an API server that is down says the same each time."""
        if error != self._last_error:
            _logger.warning("watch of %s broke, listing again: %s", self.selection, error)
        self._last_error = error

    async def _follow(self) -> None:
        """Take what happens until the next list is due."""
        while not self._is_asked_to_list.is_set() and (left := self._until_list()) > 0:
            if self._is_watched:
                await self._watch(left)
            else:
                await self._wait(min(left, _CHECK_SECONDS))
            self._check(await self._api.newest_version(self.selection))

    def _until_list(self) -> float:
        return 0.0 if self._listed_at is None else self._listed_at + self._relist_seconds - _now()

    async def _watch(self, seconds: float) -> None:
        """Take events until the watch ends, at most for about so many seconds."""
        opened, events = _now(), 0
        stream = self._api.watch(self.selection, self._version, timeout_seconds=seconds)
        try:
            async with asyncio.timeout(seconds + _GRACE_SECONDS) as self._time_limit, contextlib.aclosing(stream):
                async for event in stream:
                    events += 1
                    self._take(event)
        except TimeoutError:
            return
        finally:
            self._time_limit = None
        if not events and _now() - opened < min(_SHORTEST_WATCH_SECONDS, seconds):
            raise ApiError(0, "the API server ended it at once")

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_asked_to_list.wait(), seconds)

    def _take(self, event: WatchEvent) -> None:
        version = resource_version_of(event.obj)
        if event.type != "BOOKMARK":
            self._copy.see(event.type, event.obj)
        self._check(version)
        self._version = version

    def _check(self, version: int) -> None:
        """Take note of a resourceVersion that the API server tells us.

        Raises:
            ApiError: it is lower than an earlier one, so that the API server has gone back in time.
        """
        self._last_news = _now()
        self._last_error = ""
        if version < self._newest:
            raise ApiError(0, f"the API server has gone back from resourceVersion {self._newest} to {version}")
        self._newest = version


def _now() -> float:
    return asyncio.get_running_loop().time()

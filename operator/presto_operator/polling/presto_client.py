"""Asking Presto servers over HTTP."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from presto_operator.presto import PrestoNotFoundError, PrestoUnavailableError

_CHUNK_BYTES = 64 * 1024
_BYTES_PARSED_ON_THE_LOOP = 1024 * 1024
_ADDRESSES_KEPT_SECONDS = 30
"""How long a Service's address is cached: names are looked up in few threads, and there may be hundreds of clusters."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Some answers contain the text of each query, which may have a million characters; most have a few hundred."""


@dataclass(frozen=True)
class Timeouts:
    """How long a server may take, in seconds."""

    connect: float = 2.0
    read: float = 3.0
    """Between two parts of its answer."""
    total: float = 5.0


DEFAULT_TIMEOUTS = Timeouts()


class PrestoClient:
    """Asks Presto servers, any number of them at the same time: nothing waits for a thread."""

    def __init__(self, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> None:
        self._timeouts = timeouts
        self._session: aiohttp.ClientSession | None = None

    async def get(self, uri: str, max_bytes: int = MAX_ANSWER_BYTES) -> Any:
        """The JSON at `uri`. Takes no longer than the total timeout, however slowly the server answers.

        Raises:
            PrestoNotFoundError: the server has no such path.
            PrestoUnavailableError: the server can't be reached, refuses, or answers with something else than JSON.
        """
        try:
            async with self._open_session().get(uri, allow_redirects=False) as response:
                if response.status != 200:
                    is_missing = response.status == 404
                    raise (PrestoNotFoundError if is_missing else PrestoUnavailableError)(
                        f"{uri}: HTTP {response.status} {response.reason}"
                    )
                content = await _content(response, max_bytes)
            if len(content) > _BYTES_PARSED_ON_THE_LOOP:
                return await asyncio.to_thread(json.loads, content)
            return json.loads(content)
        except TimeoutError as error:
            raise PrestoUnavailableError(f"{uri}: no complete answer within {self._timeouts.total:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PrestoUnavailableError(f"{uri}: {str(error) or type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open_session(self) -> aiohttp.ClientSession:
        # A session belongs to the event loop that it is created in, so it is created when it is first needed. aiohttp
        # ignores the proxy of the environment by default, which is right here: it is not for Services.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=_ADDRESSES_KEPT_SECONDS),
                timeout=aiohttp.ClientTimeout(
                    total=self._timeouts.total, connect=self._timeouts.connect, sock_read=self._timeouts.read
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


async def _content(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        content += chunk
        if len(content) > max_bytes:
            raise PrestoUnavailableError(f"{response.url}: the answer exceeds {max_bytes} bytes")
    return bytes(content)

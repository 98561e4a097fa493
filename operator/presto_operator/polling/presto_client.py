"""Presto's HTTP API: the only I/O of this package."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp

from presto_operator.presto.errors import PrestoNotFoundError, PrestoUnavailableError

_CONNECT_TIMEOUT_SECONDS = 2.0
_READ_TIMEOUT_SECONDS = 3.0
_TOTAL_TIMEOUT_SECONDS = 5.0
_CHUNK_BYTES = 64 * 1024
_BYTES_PARSED_ON_THE_LOOP = 1024 * 1024
_ADDRESSES_KEPT_SECONDS = 30
"""How long a Service's address is believed: names are looked up in few threads, and clusters may be hundreds."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Some answers hold the text of each query, which may have a million characters; most have a few hundred."""


class PrestoClient:
    """Asks Presto servers, any number of them at the same time: nothing waits for a thread."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def get(self, uri: str, max_bytes: int = MAX_ANSWER_BYTES) -> Any:
        """The JSON at `uri`. Takes about five seconds at most, however slowly the server answers.

        Raises:
            PrestoNotFoundError: there is no such thing.
            PrestoUnavailableError: the server can't be reached, refuses, or answers nonsense.
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
            raise PrestoUnavailableError(f"{uri}: no whole answer within {_TOTAL_TIMEOUT_SECONDS:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PrestoUnavailableError(f"{uri}: {str(error) or type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open_session(self) -> aiohttp.ClientSession:
        # It belongs to the event loop that it is made in, so it is made when it is needed first. A proxy of the
        # operator's environment is for the world outside, not for Services: aiohttp takes none unless told.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=_ADDRESSES_KEPT_SECONDS),
                timeout=aiohttp.ClientTimeout(
                    total=_TOTAL_TIMEOUT_SECONDS, connect=_CONNECT_TIMEOUT_SECONDS, sock_read=_READ_TIMEOUT_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


async def _content(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        content += chunk
        if len(content) > max_bytes:
            raise PrestoUnavailableError(f"{response.url}: the answer is longer than {max_bytes} bytes")
    return bytes(content)

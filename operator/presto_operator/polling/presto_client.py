"""Asking Presto servers over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import aiohttp

from presto_operator.polling.byte_budget import ByteBudget
from presto_operator.polling.presto_answer import BUDGET_BYTES, CHUNK_BYTES, read_answer
from presto_operator.presto import PrestoNotFoundError, PrestoUnavailableError, Question

Answer = TypeVar("Answer")

_ADDRESSES_KEPT_SECONDS = 30
"""How long a Service's address is cached: names are looked up in few threads, and there may be hundreds of clusters."""

_MOST_CHARACTERS = 200


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

    def __init__(self, timeouts: Timeouts = DEFAULT_TIMEOUTS, budget: ByteBudget | None = None) -> None:
        """`budget` is what all large answers together may take."""
        self._timeouts = timeouts
        self._budget = budget or ByteBudget(BUDGET_BYTES)
        self._session: aiohttp.ClientSession | None = None

    async def get(self, uri: str, question: Question[Answer]) -> Answer:
        """The answer to the question at `uri`. Takes no longer than the total timeout, however slowly it arrives.

        Raises:
            PrestoNotFoundError: the server has no such path.
            PrestoAnswerTooLargeError: the answer exceeds the question's limit, or is large and slow.
            PrestoUnavailableError: the server can't be reached, refuses, or answers something else than expected.
        """
        try:
            async with self._open_session().get(uri, allow_redirects=False) as response:
                if response.status != 200:
                    is_missing = response.status == 404
                    raise (PrestoNotFoundError if is_missing else PrestoUnavailableError)(
                        f"{uri}: HTTP {response.status} {_plain(response.reason or '')}"
                    )
                return await read_answer(response.content.iter_chunked(CHUNK_BYTES), question, self._budget)
        except PrestoUnavailableError as error:
            raise _at(uri, error) from error
        except TimeoutError as error:
            raise PrestoUnavailableError(f"{uri}: no complete answer within {self._timeouts.total:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PrestoUnavailableError(f"{uri}: {_plain(str(error)) or type(error).__name__}") from error

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
                # Compressed answers would have to be bounded twice, and the network inside of a cluster is fast.
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "Accept": "application/json"},
            )
        return self._session


def _at(uri: str, error: PrestoUnavailableError) -> PrestoUnavailableError:
    return error if str(error).startswith(uri) else type(error)(f"{uri}: {error}")


def _plain(words: str) -> str:
    """Words that may be a stranger's, in bounds and without control characters."""
    return "".join(character if character.isprintable() else " " for character in words[:_MOST_CHARACTERS])

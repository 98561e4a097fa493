"""Clients that ask the questions, one after the other, until they are told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

import requests
from prestodb.client import ClientSession, PrestoQuery, PrestoRequest

from bench.faults.questions import LONG, SHORT
from bench.faults.tally import Outcome
from tests.harness.errors import HarnessError
from tests.harness.waiting import wait_until
from tests.kit.load import failure_of, running
from tests.kit.questions import Question

SHORT_CLIENTS = 3
LONG_CLIENTS = 1
_PAUSE_SECONDS = 0.05
"""Between two short queries of a client: without it they would take all of a small machine, the nodes' share, too."""
_REQUEST_SECONDS = 60.0
_FIRST_ANSWER_SECONDS = 60.0


class Load:
    """The clients, and what has become of their queries so far."""

    def __init__(self, base_url: str, source: str) -> None:
        address = urlsplit(base_url)
        self._host = address.hostname
        self._port = address.port
        self._source = source
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._outcomes: list[Outcome] = []

    @property
    def total(self) -> int:
        """How many queries have come to an end."""
        return len(self._outcomes)

    def outcomes(self) -> list[Outcome]:
        """What has become of each query that has come to an end."""
        with self._lock:
            return list(self._outcomes)

    def warm_up(self) -> None:
        """Ask each question twice, so that what a JVM does once is no part of what is measured.

        Raises:
            HarnessError: an answer is wrong, or not to be had, although nothing has happened yet.
        """
        # A coordinator that counts a worker as active may not know yet which catalogs it has: NO_NODES_AVAILABLE.
        wait_until(
            lambda: self._ask(SHORT[0], is_long=False).failure is None,
            timeout=_FIRST_ANSWER_SECONDS,
            what="a first answer",
            interval=1.0,
        )
        for question in (*SHORT, *LONG) * 2:
            failure = self._ask(question, is_long=False).failure
            if failure is not None:
                raise HarnessError(f"{question.name}: {failure} while nothing happened")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the clients ask until the block ends; each finishes the query that it is at."""
        clients = {
            **{f"short-{number}": partial(self._client, number, SHORT) for number in range(SHORT_CLIENTS)},
            **{f"long-{number}": partial(self._client, number, LONG) for number in range(LONG_CLIENTS)},
        }
        with running(clients, self._over):
            yield

    def _client(self, turn: int, questions: Sequence[Question]) -> None:
        is_long = questions is LONG
        while not self._over.is_set():
            outcome = self._ask(questions[turn % len(questions)], is_long=is_long)
            turn += 1
            with self._lock:
                self._outcomes.append(outcome)
            if not is_long:
                self._over.wait(_PAUSE_SECONDS)

    def _ask(self, question: Question, *, is_long: bool) -> Outcome:
        session = ClientSession("analyst", catalog="tpch", schema="tiny", source=self._source)
        request = _WatchedRequest(self._host, self._port, session, request_timeout=_REQUEST_SECONDS)
        begun = time.monotonic()
        failure = failure_of(lambda: [tuple(row) for row in PrestoQuery(request, question.sql).execute()], question)
        return Outcome(
            question=question.name,
            is_long=is_long,
            seconds=time.monotonic() - begun,
            query_ids=tuple(request.query_ids),
            failure=failure,
            had_rows=request.rows > 0,
        )


class _WatchedRequest(PrestoRequest):  # type: ignore[misc] # the library is not typed
    """A query's requests by Presto's own client, which tell what the client itself keeps to itself."""

    def __init__(self, *arguments: object, **settings: object) -> None:
        super().__init__(*arguments, **settings)
        self.query_ids: list[str] = []
        self.rows = 0

    def process(self, http_response: requests.Response) -> object:
        """Read an answer of the coordinator; an id that is new is that of another attempt."""
        status = super().process(http_response)
        if status.id not in self.query_ids:
            self.query_ids.append(status.id)
        self.rows += len(status.rows)
        return status

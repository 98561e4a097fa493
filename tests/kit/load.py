"""Loads of real queries, and what became of each."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import prestodb
import requests

from tests.harness.waiting import wait_until
from tests.kit.questions import ENDLESS, ENDLESS_ON_ONE_WORKER, Question, Row
from tests.kit.sql import PrestoClient

_LAST_QUERY_SECONDS = 600.0
_QUOTED_CHARACTERS = 200
"""Of a wrong answer."""
_ONE_WORKER_TRIES = 20


@dataclass
class Tally:
    """How many queries were answered right, and what the others said."""

    right: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All queries that have come to an end."""
        return self.right + self.failures.total()


@contextmanager
def steady_load(client: PrestoClient, questions: Sequence[Question], *, clients: int) -> Iterator[Tally]:
    """Let `clients` clients ask the questions in turn until the block ends; each finishes the one that it is at."""
    tally = Tally()
    lock = threading.Lock()
    over = threading.Event()

    def ask(first: int) -> None:
        number = first
        while not over.is_set():
            question = questions[number % len(questions)]
            number += 1
            begun = time.monotonic()
            failure = failure_of(partial(_rows, client, question), question)
            with lock:
                tally.seconds.append(time.monotonic() - begun)
                if failure is None:
                    tally.right += 1
                else:
                    tally.failures[failure] += 1

    with running({f"client-{number}": partial(ask, number) for number in range(clients)}, over):
        yield tally


@contextmanager
def running(clients: Mapping[str, Callable[[], None]], over: threading.Event) -> Iterator[None]:
    """Run clients by their names, each in a thread, until the block ends.

    `over` is set then: each client finishes the query that it is at, and returns.
    """
    threads = [threading.Thread(target=client, name=name, daemon=True) for name, client in clients.items()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=_LAST_QUERY_SECONDS)


def failure_of(query: Callable[[], Sequence[Row]], question: Question) -> str | None:
    """What went wrong with a query, in a word or two; None if its answer was right."""
    try:
        rows = query()
    except prestodb.exceptions.PrestoQueryError as error:
        return str(error.error_name)
    except (prestodb.exceptions.Error, prestodb.exceptions.HttpError, requests.RequestException) as error:
        return type(error).__name__
    return None if question.is_answered_by(rows) else f"WRONG_ANSWER {str(rows)[:_QUOTED_CHARACTERS]}"


def _rows(client: PrestoClient, question: Question) -> Sequence[Row]:
    return client.query(question.sql).rows


@contextmanager
def unfinished_query(client: PrestoClient, sql: str = ENDLESS) -> Iterator[None]:
    """A query that runs until the block ends, or until it fails; then all queries that are unfinished are ended."""

    def ask() -> None:
        with suppress(prestodb.exceptions.PrestoQueryError, prestodb.exceptions.HttpError, requests.RequestException):
            client.query(sql)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        client.kill_queries()
        thread.join(timeout=60)


@contextmanager
def query_on_one_worker(client: PrestoClient, wanted_on: set[str]) -> Iterator[str]:
    """A query that runs on one of these workers alone until the block ends, and the name of that worker.

    Presto chooses the worker, so it is asked until it has chosen one of these.
    """
    for _ in range(_ONE_WORKER_TRIES):
        with unfinished_query(client, ENDLESS_ON_ONE_WORKER):
            workers = wait_until(
                lambda: client.workers_that_run(ENDLESS_ON_ONE_WORKER), timeout=30, what="the query to run"
            )
            if len(workers) == 1 and workers <= wanted_on:
                yield workers.pop()
                return
    raise AssertionError(f"Presto chose none of {wanted_on} in {_ONE_WORKER_TRIES} tries")

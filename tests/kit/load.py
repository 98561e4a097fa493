"""A steady load of real queries, and what became of each."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import prestodb
import requests

from tests.kit.sql import PrestoClient


@dataclass(frozen=True)
class Question:
    """A query, and the rows that are the right answer."""

    sql: str
    rows: list[tuple[Any, ...]]


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
            failure = _failure(client, question)
            with lock:
                tally.seconds.append(time.monotonic() - begun)
                if failure is None:
                    tally.right += 1
                else:
                    tally.failures[failure] += 1

    threads = [threading.Thread(target=ask, args=(number,), name=f"client-{number}") for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield tally
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=300)


def _failure(client: PrestoClient, question: Question) -> str | None:
    """What went wrong with a query, in a word or two; None if its answer was right."""
    try:
        answer = client.query(question.sql)
    except prestodb.exceptions.PrestoQueryError as error:
        return str(error.error_name)
    except (prestodb.exceptions.Error, prestodb.exceptions.HttpError, requests.RequestException) as error:
        return type(error).__name__
    return None if answer.rows == question.rows else f"WRONG_ANSWER {answer.rows}"

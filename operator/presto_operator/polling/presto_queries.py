"""Asking a coordinator for its queries beside the passes, while a decision depends on them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from presto_operator.desired import coordinator_name
from presto_operator.kube import ClusterKey
from presto_operator.polling.presto_transport import Presto
from presto_operator.polling.seldom import SeldomAsked
from presto_operator.presto import (
    QUERIES_QUESTION,
    PrestoAnswerTooLargeError,
    PrestoUnavailableError,
    QueryActivity,
    QueryAnswer,
)
from presto_operator.telemetry import metrics

_logger = logging.getLogger(__name__)

_MANY_QUERIES = 2_000
"""Presto keeps 100 queries that have ended by default, and few coordinators run more than that at once."""
_MANY_QUERIES_PAUSE = timedelta(seconds=10)
"""How long a coordinator that lists many queries isn't asked again: each of its answers takes tens of milliseconds."""


class QueryReader:
    """The newest answer of the coordinators whose queries a decision depends on.

    A decision to interrupt queries, and the report of what it cost, need the queries of this moment. They are asked for
    only while such a decision is due: each pass that needs them starts the next question, and is made again as soon as
    it is answered. No pass waits.
    """

    def __init__(
        self,
        presto: Presto,
        on_answer: Callable[[ClusterKey], None],
        clock: Callable[[], datetime],
        seldom: SeldomAsked,
    ) -> None:
        """`on_answer` is called for a cluster with each answer, and when it's certain that there is none."""
        self._presto = presto
        self._on_answer = on_answer
        self._clock = clock
        self._seldom = seldom
        self._answers: dict[ClusterKey, dict[str, QueryAnswer]] = {}
        """By cluster and generation."""
        self._asking: dict[tuple[ClusterKey, str], asyncio.Task[None]] = {}

    def answers(self, key: ClusterKey, generations: frozenset[str]) -> dict[str, QueryAnswer]:
        """The newest answers of these generations' coordinators; those that have not answered yet are left out.

        What isn't of this moment is asked for again.
        """
        if not generations:
            self._answers.pop(key, None)
            return {}
        known = {name: answer for name, answer in self._answers.get(key, {}).items() if name in generations}
        self._answers[key] = known
        for generation in generations:
            if generation not in known or self._is_old(known[generation]):
                self._ask(key, generation)
        return dict(known)

    def ask_anew(self, key: ClusterKey, generation: str) -> None:
        """Forget a generation's answer, and the question that is under way, and ask now."""
        self._answers.get(key, {}).pop(generation, None)
        if (asking := self._asking.pop((key, generation), None)) is not None:
            asking.cancel()
        self._ask(key, generation)

    def forget(self, key: ClusterKey) -> None:
        """Ask a cluster no more, because it was deleted."""
        self._answers.pop(key, None)
        for asked in [asked for asked in self._asking if asked[0] == key]:
            self._asking.pop(asked).cancel()

    async def close(self) -> None:
        """End all questions."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_old(self, answer: QueryAnswer) -> bool:
        is_long = answer.activity is not None and answer.activity.count > _MANY_QUERIES
        age = self._clock() - answer.at
        return not answer.is_current(self._clock()) and not (is_long and timedelta(0) <= age < _MANY_QUERIES_PAUSE)

    def _ask(self, key: ClusterKey, generation: str) -> None:
        if (key, generation) in self._asking:
            return
        if self._seldom.rests(key, _what(generation)):
            self._answers.setdefault(key, {})[generation] = QueryAnswer(None, self._clock())
            return
        self._asking[key, generation] = asyncio.create_task(self._answer(key, generation))

    async def _answer(self, key: ClusterKey, generation: str) -> None:
        activity = await self._activity(key, generation)
        del self._asking[key, generation]
        self._answers.setdefault(key, {})[generation] = QueryAnswer(activity, self._clock())
        self._on_answer(key)

    async def _activity(self, key: ClusterKey, generation: str) -> QueryActivity | None:
        """The queries of this generation; None if its coordinator gave no answer within seconds."""
        service = coordinator_name(key, generation)
        try:
            activity = await self._presto.get_of_service(key.namespace, service, QUERIES_QUESTION)
        except PrestoUnavailableError as error:
            metrics.presto_poll_errors.labels(key.namespace, key.name).inc()
            _logger.warning("%s: queries of generation %s could not be read: %s", key, generation, error)
            if isinstance(error, PrestoAnswerTooLargeError):
                self._seldom.too_large(key, _what(generation), error)
            return None
        except Exception:
            # A bug of ours must neither end the questions nor pass for an answer.
            _logger.exception("%s: queries of generation %s could not be read", key, generation)
            return None
        self._seldom.answered(key, _what(generation))
        return activity


def _what(generation: str) -> str:
    return f"queries on generation {generation}"

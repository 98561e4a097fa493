"""Receiving an answer of Presto within the limits of its question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from presto_operator.polling.byte_budget import ByteBudget
from presto_operator.polling.pace import loop_time
from presto_operator.polling.short_strings import ShortStrings
from presto_operator.presto import PrestoAnswerTooLargeError, PrestoUnavailableError, Question

Answer = TypeVar("Answer")

CHUNK_BYTES = 32 * 1024
SMALL_ANSWER_BYTES = 64 * 1024
"""Answers up to this size need nothing of the budget, so that no large one delays them. Nearly all are that small."""
BUDGET_BYTES = 32 * 1024 * 1024
"""The large answers that are received at the same time take no more than this, each counted with its limit. Reading
them takes about four times as much, one after the other."""

_PATIENCE_SECONDS = 2.0
"""How long a large answer waits until enough of the budget is free."""
_NOTICEABLE_SECONDS = 0.1


async def read_answer(chunks: AsyncIterator[bytes], question: Question[Answer], budget: ByteBudget) -> Answer:
    """The answer to the question that arrives in these chunks.

    Raises:
        PrestoAnswerTooLargeError: it exceeds the question's limit, or it is large and unusable or not there in time.
        PrestoUnavailableError: it isn't as expected.
        TimeoutError: another one did not arrive in time.
    """
    async with AsyncExitStack() as stack:
        answer = _PartialAnswer(question)
        has_waited = False
        try:
            async for chunk in chunks:
                if answer.becomes_large_with(chunk):
                    has_waited = await _reserve(stack, budget, question.most_bytes)
                await answer.add(chunk)
                # What has arrived already is handed over without a pause: others get their turn here.
                await asyncio.sleep(0)
        except TimeoutError as error:
            if answer.is_large and not has_waited:
                raise PrestoAnswerTooLargeError(
                    f"only {answer.arrived} bytes of a large answer came in time"
                ) from error
            raise
        if not answer.is_large:
            return question.read(bytes(answer.content))
        # One after the other, with a turn of the event loop for all others between two of them.
        async with budget.reading:
            await asyncio.sleep(0)
            try:
                return question.read(bytes(answer.content))
            except PrestoUnavailableError as error:
                raise PrestoAnswerTooLargeError(f"{error}; it has {answer.arrived} bytes") from error


class _PartialAnswer:
    """What has arrived of an answer."""

    def __init__(self, question: Question[Any]) -> None:
        self.content = bytearray()
        self.arrived = 0
        self._question = question
        self._texts: ShortStrings | None = None

    @property
    def is_large(self) -> bool:
        return self.arrived > SMALL_ANSWER_BYTES

    def becomes_large_with(self, chunk: bytes) -> bool:
        return not self.is_large and self.arrived + len(chunk) > SMALL_ANSWER_BYTES

    async def add(self, chunk: bytes) -> None:
        question = self._question
        if question.most_bytes_with_texts and self._texts is None and self.arrived + len(chunk) > question.most_bytes:
            await self._drop_texts()
        self.arrived += len(chunk)
        self.content += chunk if self._texts is None else self._texts.feed(chunk)
        if self.arrived > question.most_bytes_received or len(self.content) > question.most_bytes:
            raise PrestoAnswerTooLargeError(f"the answer is too large: {_limit(question)}")

    async def _drop_texts(self) -> None:
        """Drop the texts of queries, from what has arrived and from what is still to come."""
        self._texts, content, self.content = ShortStrings(), bytes(self.content), bytearray()
        for start in range(0, len(content), CHUNK_BYTES):
            self.content += self._texts.feed(content[start : start + CHUNK_BYTES])
            await asyncio.sleep(0)


async def _reserve(stack: AsyncExitStack, budget: ByteBudget, size: int) -> bool:
    """Whether it took a while until so much was free."""
    started = loop_time()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await stack.enter_async_context(budget.reserved(size))
    except TimeoutError as error:
        raise PrestoUnavailableError("too many servers give large answers at the moment") from error
    return loop_time() - started > _NOTICEABLE_SECONDS


def _limit(question: Question[Any]) -> str:
    limit = f"at most {question.most_bytes} bytes are read"
    with_texts = question.most_bytes_with_texts
    return f"{limit}, {with_texts} with the texts of queries" if with_texts else limit

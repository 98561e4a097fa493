"""What Presto servers are asked, and how their answers are read. Pure; `presto_operator.polling` asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from presto_operator.presto.errors import PrestoUnavailableError

Answer = TypeVar("Answer")

_MOST_REASON_CHARACTERS = 200


@dataclass(frozen=True)
class Question(Generic[Answer]):
    """A path that a Presto server is asked for by GET.

    Any image can answer in a tenant's pod, so an answer has a limit before it is read, and reading it takes memory and
    time in proportion to that limit: only declared fields are decoded, the others are skipped.
    """

    path: str
    read: Callable[[bytes], Answer]
    """Reads the answer. Raises PrestoUnavailableError, and nothing else, if it isn't as expected."""
    most_bytes: int
    """The size of an answer that is still read."""
    most_bytes_with_texts: int = 0
    """The size of an answer that is still received, if the texts of queries, which are dropped on the way, make it
    larger than `most_bytes`; 0 if it has no such texts."""

    @property
    def most_bytes_received(self) -> int:
        """The size of an answer that is still received."""
        return max(self.most_bytes, self.most_bytes_with_texts)


def decoded(decoder: msgspec.json.Decoder[Answer], answer: bytes, path: str) -> Answer:
    """An answer, of which only the declared fields are read.

    Raises:
        PrestoUnavailableError: it isn't JSON, is nested too deep, or has other types than declared.
    """
    try:
        return decoder.decode(answer)
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        reason = "".join(character if character.isprintable() else " " for character in str(error))
        raise PrestoUnavailableError(f"{path} gave an unusable answer: {reason[:_MOST_REASON_CHARACTERS]}") from error
    except RecursionError as error:
        raise PrestoUnavailableError(f"{path} gave an unusable answer: it is nested too deep") from error

"""Numbers, lists and quotes in messages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from presto_operator.bounds import MAX_LISTED

MOST_NAMED = 3
"""How many items a message names by default."""


def named(items: Sequence[str], *, most: int = MOST_NAMED, separator: str = ", ") -> str:
    """The first `most` items, and how many more there are: `a, b, c and 2 more`."""
    rest = f" and {len(items) - most} more" if len(items) > most else ""
    return separator.join(items[:most]) + rest


def enumerated(items: Sequence[str], *, most: int = 5) -> str:
    """A list within a sentence: `a, b and c`; of more than `most` items `a, b and 4 more`."""
    shown = [*items[:most], *([f"{len(items) - most} more"] if len(items) > most else [])]
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def counted(number: int, noun: str) -> str:
    """A number of things: `1 worker`, `3 workers`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(items: Sequence[str]) -> str:
    """The first errors or warnings of a list, and how many more there are."""
    rest = f" (and {len(items) - MAX_LISTED} more)" if len(items) > MAX_LISTED else ""
    return "; ".join(items[:MAX_LISTED]) + rest


_CUT = "..."


def clipped(text: str, most: int) -> str:
    """`text` in at most `most` bytes of UTF-8, without half a character; it ends with dots if it was longer."""
    encoded = text.encode(errors="backslashreplace")
    if len(encoded) <= most:
        return encoded.decode()
    return encoded[: most - len(_CUT)].decode(errors="ignore") + _CUT


_SECRET = re.compile(r"(?i)(password|passwd|pwd|secret|token)=[^\s&;,]+")


def masked(text: str) -> str:
    """`text`, quoted from elsewhere, without the values of `password=...` and its like, as they stand in JDBC URLs."""
    return _SECRET.sub(r"\1=...", text)

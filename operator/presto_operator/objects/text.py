"""Lists and quotes in messages."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_NAMED = 3
"""How many items a message names by default."""


def named(items: Sequence[str], *, most: int = MOST_NAMED, separator: str = ", ") -> str:
    """The first `most` items, and how many more there are: `a, b, c and 2 more`."""
    rest = f" and {len(items) - most} more" if len(items) > most else ""
    return separator.join(items[:most]) + rest


_SECRET = re.compile(r"(?i)(password|passwd|pwd|secret|token)=[^\s&;,]+")


def masked(text: str) -> str:
    """`text`, quoted from elsewhere, without the values of `password=...` and its like, as they stand in JDBC URLs."""
    return _SECRET.sub(r"\1=...", text)

"""Lists in messages."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 3
"""How many items a message names by default."""


def named(items: Sequence[str], *, most: int = MOST_NAMED, separator: str = ", ") -> str:
    """The first `most` items, and how many more there are: `a, b, c and 2 more`."""
    rest = f" and {len(items) - most} more" if len(items) > most else ""
    return separator.join(items[:most]) + rest

"""What a server that ended said last, quoted from its cause."""

from __future__ import annotations

import re

MOST_CHARACTERS = 700
"""How much of it a condition quotes."""

_NOISE = re.compile(r"^\s+at \S|^\s*\.\.\. \d+ (more|common frames)|\tBootstrap\t|[Ll]ife cycle st|^\s*$")
"""Frames of a Java stack trace, Presto's list of all its properties, and its life cycle: none of them is a cause."""

_CAUSE = re.compile(r"\tERROR\t|^Caused by: |^\d+\) |^Error: |^Unrecognized |^[\w.$]+(Exception|Error)\b")
"""Beginnings of a cause: Presto's log, Java's exceptions, Guice's numbered errors, and the JVM's own words."""


def last_words(message: str) -> str:
    """The end of a server's log, at most MOST_CHARACTERS of it, from the first line that states a cause.

    Without such a line, it is the end of what is there.
    """
    lines = [line.rstrip() for line in message.splitlines() if not _NOISE.search(line)]
    first = next((number for number, line in enumerate(lines) if _CAUSE.search(line)), None)
    words = "\n".join(lines[first or 0 :]).strip()
    if len(words) <= MOST_CHARACTERS:
        return words
    return f"... {words[-MOST_CHARACTERS:]}" if first is None else f"{words[:MOST_CHARACTERS]} ..."

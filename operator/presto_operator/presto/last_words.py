"""Why a server ended, from the end of its log.

Kubernetes keeps the last 2048 bytes of a crashed container's log (`FallbackToLogsOnError`). Most of that is stack
frames, but Presto 0.287 repeats the cause, so that it is still in there: it was for each of the 18 mistakes with which
servers were started (tests/unit/presto/logs).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from presto_operator.objects import masked

MAX_CHARACTERS = 700
"""The longest quote: it fits into a condition and an Event, with what stands around it."""

_KEPT_BYTES = 2048
"""Of a log as long as that, the first line is most likely cut."""

_NOISE = re.compile(
    r"""
    \s*
    | \s+at\ .* | \s*\.\.\.\ \d+\ (more|common\ frames\ omitted)       # frames of a stack trace
    | \s+(while\ locating|for\ the\ \d+\w\w\ parameter\ of)\ .*        # Guice's way to an object that it can't make
    | Caused\ by:.*\ \(same\ stack\ trace\ as\ .*
    | \d+\ errors?
    | \S+\t(TRACE|DEBUG|INFO|WARN)\t.*                                 # other lines of airlift's log
    | Error:\ (Could\ not\ create\ the\ Java|A\ fatal\ exception\ has\ occurred).*
    """,
    re.VERBOSE,
)
_JVM_DEATH = re.compile(r"Terminating due to .*|#\s+(?:SIG\w+|There is insufficient memory) .*")
"""What the JVM says itself of an exhausted heap, a crash, or a lack of memory on the node."""

_LOGGED = re.compile(r"\S+\tERROR\t[^\t]*\t[^\t]*\t(.*)")
"""A line of airlift's log: time, level, thread, logger and message, between tabs."""
_INJECTION = "Unable to create injector"
"""Guice's headline over its numbered errors."""
_NUMBERED = re.compile(r"\d+\) (?:Error: )?(.*)")
_CONSEQUENCE = re.compile(r"Explicit bindings are required|Error (?:injecting|in custom provider)[^,]*, (?:\w+\.)+")
"""How numbered errors begin which another error has caused, with the package of that one."""
_EXCEPTION = re.compile(r"(?:Caused by: |Exception in thread \S+ )?(?:\w+\.)+([\w$]+(?:: .*)?)")
"""An exception, without its package."""
_FOR_DEVELOPERS = re.compile(r" in order to call \[.*| \(for class .*\)")


def last_words(log: str) -> str:
    """The cause of a server's end by the end of its log, in one line of at most `MAX_CHARACTERS` characters.

    A JVM's error comes first, with its innermost cause. A log without one is quoted from its end: that of a JVM that
    could not start, or of an init container.
    """
    lines = log.splitlines()
    if len(log.encode()) >= _KEPT_BYTES and len(lines) > 1:
        del lines[0]
    telling = [line for line in lines if not _NOISE.fullmatch(line)]
    return masked(_jvm_death(telling) or _error(telling) or _end(telling or lines[-1:]))


def _jvm_death(lines: Iterable[str]) -> str:
    return next((line.lstrip("# ") for line in lines if _JVM_DEATH.fullmatch(line)), "")


def _error(lines: Sequence[str]) -> str:
    numbered = _matches(_NUMBERED, lines)
    if roots := [error for error in numbered if not _CONSEQUENCE.match(error)]:
        return _beginning(roots)
    logged = _matches(_LOGGED, lines) or [_CONSEQUENCE.sub("", error) for error in numbered]
    # The innermost cause is printed last.
    causes = [cause for cause in _matches(_EXCEPTION, lines)[-1:] if not any(error in cause for error in logged)]
    return _beginning([*logged[-1:], *causes])


def _matches(pattern: re.Pattern[str], lines: Iterable[str]) -> list[str]:
    found = (match[1] for line in lines if (match := pattern.fullmatch(line)))
    return list(dict.fromkeys(_FOR_DEVELOPERS.sub("", text) for text in found if _INJECTION not in text))


def _beginning(errors: Sequence[str]) -> str:
    text = "; ".join(errors)
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 4]} ..."


def _end(lines: Iterable[str]) -> str:
    text = "; ".join(line.strip() for line in lines)
    return text if len(text) <= MAX_CHARACTERS else f"... {text[-MAX_CHARACTERS + 4 :]}"

"""Whether a regular expression is one that Java compiles."""

from __future__ import annotations

import re
import warnings

_UNKNOWN_TO_PYTHON = (
    (re.compile(r"\\Q.*?(?:\\E|$)", re.DOTALL), "q"),
    (re.compile(r"\\[pP](?:\{[^{}]+\}|[A-Z])"), r"\\w"),
    (re.compile(r"\\[hHRXGvVe]"), r"\\s"),
    (re.compile(r"\\x\{[0-9A-Fa-f]{1,6}\}"), "x"),
    (re.compile(r"\\c[A-Z@\[\]^_?]"), "x"),
    (re.compile(r"\\N\{[^{}]+\}"), "x"),
    (re.compile(r"\\k<([A-Za-z][A-Za-z0-9]*)>"), r"(?P=\1)"),
    (re.compile(r"\(\?<([A-Za-z][A-Za-z0-9]*)>"), r"(?P<\1>"),
    (re.compile(r"\\z"), r"\\Z"),
    (re.compile(r"\(\?[idmsuxU]+(?:-[idmsuxU]+)?\)|\(\?-[idmsuxU]+\)"), ""),
    (re.compile(r"\(\?[idmsuxU]*(?:-[idmsuxU]+)?:"), "(?:"),
)
"""What Java knows and Python doesn't, and something that Python knows in its place."""

_CLASS_OPERATORS = re.compile(r"\[[^\]]*(?:&&|\[)")
"""Unions and intersections of character classes, which Python reads otherwise."""


def java_regex_error(pattern: str) -> str | None:
    """Why Java would refuse `pattern` (java.util.regex.Pattern); None if it compiles, or if that isn't certain."""
    if _CLASS_OPERATORS.search(pattern):
        return None
    translated = pattern
    for java, python in _UNKNOWN_TO_PYTHON:
        translated = java.sub(python, translated)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(translated)
    except RecursionError:
        return "is nested too deeply"
    except OverflowError:
        return "repeats too often"
    except re.error as error:
        if "look-behind" in error.msg:
            return None  # Java allows more there.
        return f"is not a regular expression: {error.msg}"
    return None


def group_names(pattern: str) -> set[str]:
    """The names of the groups in a pattern of Java's: `(?<name>...)`."""
    return set(re.findall(r"\(\?<([A-Za-z][A-Za-z0-9]*)>", pattern))

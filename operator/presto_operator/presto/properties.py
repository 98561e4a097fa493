"""Java properties files, the format of all of Presto's configuration but jvm.config."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import javaproperties

_ESCAPES = ("\\\\", "\\n", "\\r", "\\t", "\\f")


def render_properties(properties: Mapping[str, str]) -> str:
    """`properties` as the text of a Java properties file, sorted by key.

    Sorted because the text is hashed: the order of properties in a manifest must not roll a cluster. Escaped as
    java.util.Properties reads it, so that every key and value comes back as written. `javaproperties.dumps` isn't used
    because it also escapes `:`, `=`, `#` and `!` in values, where no reader needs it and people read URLs; the text
    would change, and with it the name of every generation.
    """
    return "".join(f"{_escape_key(key)}={_escape_value(value)}\n" for key, value in sorted(properties.items()))


def parse_properties(text: str) -> dict[str, str]:
    """The properties in the text of a Java properties file. The last of two equal keys wins, as in Java.

    Raises:
        ValueError: `text` isn't a properties file.
    """
    try:
        return dict(javaproperties.loads(_without_continuations(text)))
    except javaproperties.InvalidUEscapeError as error:
        raise ValueError(f"not a properties file: {error}") from error


def _without_continuations(text: str) -> str:
    """`text` with each property on one line. `javaproperties` joins them itself, in quadratic time."""
    lines: list[str] = []
    parts: list[str] = []
    for line in re.split("\r\n|\r|\n", text):
        stripped = line.lstrip(" \t\f")
        if not parts and stripped[:1] in ("#", "!", ""):
            continue
        parts.append(stripped)
        backslashes = len(stripped) - len(stripped.rstrip("\\"))
        if backslashes % 2:
            parts[-1] = stripped[:-1]
        else:
            lines.append(_joined(parts))
            parts = []
    return "\n".join([*lines, _joined(parts)])


def _joined(parts: Sequence[str]) -> str:
    line = "".join(parts)
    # Only what a line begins with makes it a comment, not what comes after a continuation.
    return f"\\{line}" if line[:1] in ("#", "!") and line else line


def _escape_key(key: str) -> str:
    escaped = _escape_common(key)
    for separator in (" ", "=", ":", "#", "!"):
        escaped = escaped.replace(separator, "\\" + separator)
    return escaped


def _escape_value(value: str) -> str:
    escaped = _escape_common(value)
    # A reader drops only leading blanks of a value.
    leading_blanks = len(escaped) - len(escaped.lstrip(" "))
    return "\\ " * leading_blanks + escaped[leading_blanks:]


def _escape_common(text: str) -> str:
    if text.isascii():
        return (
            text.replace("\\", "\\\\")
            .replace("\n", "\\n")
            .replace("\r", "\\r")
            .replace("\t", "\\t")
            .replace("\f", "\\f")
        )
    return text.translate(_Escapes(_CONTROL_ESCAPES))


_CONTROL_ESCAPES = {ord(character): escape for character, escape in zip("\\\n\r\t\f", _ESCAPES, strict=True)}


class _Escapes(dict[int, str]):
    """The escape of each character, made when it is first needed: a text has few different ones."""

    def __missing__(self, code: int) -> str:
        self[code] = escape = chr(code) if code < 128 else _unicode_escape(chr(code))
        return escape


def _unicode_escape(character: str) -> str:
    # A properties file is read as ISO 8859-1. A character outside the basic plane is a surrogate pair.
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"

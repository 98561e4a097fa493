"""Java properties files, the format of all of Presto's configuration but jvm.config."""

from __future__ import annotations

from collections.abc import Mapping

import javaproperties


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
        return dict(javaproperties.loads(text))
    except javaproperties.InvalidUEscapeError as error:
        raise ValueError(f"not a properties file: {error}") from error


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
    escaped = (
        text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t").replace("\f", "\\f")
    )
    if escaped.isascii():
        return escaped
    return "".join(character if character.isascii() else _unicode_escape(character) for character in escaped)


def _unicode_escape(character: str) -> str:
    # A properties file is read as ISO 8859-1. A character outside the basic plane is a surrogate pair.
    utf16 = character.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{utf16[i]:02x}{utf16[i + 1]:02x}" for i in range(0, len(utf16), 2))

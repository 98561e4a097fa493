"""Java properties files, the format of all of Presto's configuration but jvm.config."""

from __future__ import annotations

from collections.abc import Mapping

import javaproperties


def render_properties(properties: Mapping[str, str]) -> str:
    """`properties` as the text of a Java properties file, sorted by key.

    Sorted, because the text is hashed: the order in which a manifest names its properties must not roll a
    cluster. Escaped as java.util.Properties reads it, so that every key and value comes back as written.
    """
    return "".join(f"{_escape_key(key)}={_escape_value(value)}\n" for key, value in sorted(properties.items()))


def parse_properties(text: str) -> dict[str, str]:
    """The properties in the text of a Java properties file; the last of two equal keys wins, as in Java.

    Raises:
        ValueError: `text` is none.
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
    # Only leading blanks are eaten by the reader; those inside a value are its own.
    leading_blanks = len(escaped) - len(escaped.lstrip(" "))
    return "\\ " * leading_blanks + escaped[leading_blanks:]


def _escape_common(text: str) -> str:
    escaped = (
        text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t").replace("\f", "\\f")
    )
    return "".join(character if ord(character) < 128 else _unicode_escape(character) for character in escaped)


def _unicode_escape(character: str) -> str:
    # A properties file is read as ISO 8859-1; anything outside the basic plane is a surrogate pair.
    utf16 = character.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{utf16[i]:02x}{utf16[i + 1]:02x}" for i in range(0, len(utf16), 2))

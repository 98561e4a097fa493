from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from presto_operator.presto import parse_properties, render_properties

_BLANKS = " \t\f"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


@given(st.dictionaries(st.text(min_size=1), st.text()))
@example({"a b": " leading and trailing "})
@example({"a=b:c#d!e": "=:#!"})
@example({"#comment": "x", "!also": "y"})
@example({"windows": "C:\\new\\table", "ends\\": "in a backslash\\"})
@example({"lines": "one\ntwo\r\nthree", "tab\t": "\t\f x"})
@example({"unicode": "ñandú €", "emoji": "\N{FACE WITH TEARS OF JOY}", "ключ": "значение"})
@example({"empty": ""})
@example({" ": " ", "\t": "\n"})
@example({"literal": "\\u0041"})
def test_java_reads_back_what_was_written(properties: dict[str, str]) -> None:
    assert _java_properties(render_properties(properties)) == properties


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_text_is_ascii_so_no_charset_can_spoil_it(properties: dict[str, str]) -> None:
    assert render_properties(properties).isascii()


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_order_of_a_manifest_does_not_show(properties: dict[str, str]) -> None:
    backwards = dict(reversed(list(properties.items())))
    assert render_properties(backwards) == render_properties(properties)


def test_plain_properties_stay_readable() -> None:
    rendered = render_properties({"query.max-memory": "200GB", "hive.s3.endpoint": "http://minio:9000/"})
    assert rendered == "hive.s3.endpoint=http://minio:9000/\nquery.max-memory=200GB\n"


def _java_properties(text: str) -> dict[str, str]:
    """What java.util.Properties.load makes of `text`, by its documentation."""
    properties = {}
    for line in _logical_lines(text):
        key_end = 0
        while key_end < len(line) and line[key_end] not in f"=:{_BLANKS}":
            key_end += 2 if line[key_end] == "\\" else 1
        value_start = key_end
        while value_start < len(line) and line[value_start] in _BLANKS:
            value_start += 1
        if value_start < len(line) and line[value_start] in "=:":
            value_start += 1
            while value_start < len(line) and line[value_start] in _BLANKS:
                value_start += 1
        properties[_unescaped(line[:key_end])] = _unescaped(line[value_start:])
    return properties


def _logical_lines(text: str) -> list[str]:
    natural_lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    logical_lines = []
    position = 0
    while position < len(natural_lines):
        line = natural_lines[position].lstrip(_BLANKS)
        position += 1
        if not line or line[0] in "#!":
            continue
        while _is_continued(line) and position < len(natural_lines):
            line = line[:-1] + natural_lines[position].lstrip(_BLANKS)
            position += 1
        logical_lines.append(line)
    return logical_lines


def _is_continued(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _unescaped(raw: str) -> str:
    utf16 = bytearray()
    position = 0
    while position < len(raw):
        character = raw[position]
        position += 1
        if character == "\\" and position < len(raw):
            character = raw[position]
            position += 1
            if character == "u":
                utf16 += int(raw[position : position + 4], 16).to_bytes(2, "big")
                position += 4
                continue
            character = _ESCAPES.get(character, character)
        utf16 += character.encode("utf-16-be")
    return utf16.decode("utf-16-be")


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_what_is_rendered_is_read_back(properties: dict[str, str]) -> None:
    assert parse_properties(render_properties(properties)) == properties


def test_what_is_no_properties_file_is_refused() -> None:
    with pytest.raises(ValueError, match="not a properties file"):
        parse_properties("a=\\uZZZZ")

"""Dropping long strings from JSON while it arrives."""

from __future__ import annotations

import re

MOST_STRING_BYTES = 256
"""The ids, states and times that are read have 30 characters at most."""

_REST_OF_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_QUOTE = b'"'


class ShortStrings:
    """JSON whose long strings are replaced by empty ones, chunk by chunk, however large it is.

    Only strings are looked at: whether it is JSON is found out by who decodes what is left.
    """

    def __init__(self) -> None:
        self._string: bytearray | None = None
        """What has arrived of a string, without its first quote; None outside of strings."""
        self._is_long = False
        self._is_escaped = False
        """Whether the last chunk ended with a backslash."""

    def feed(self, chunk: bytes) -> bytes:
        """What is left of the next chunk. The beginning of a string is held back until it has ended."""
        left: list[bytes] = []
        position = 0
        while position < len(chunk):
            if self._string is None:
                position = self._up_to_string(chunk, position, left)
            else:
                position = self._through_string(chunk, position, self._string, left)
        return b"".join(left)

    def _up_to_string(self, chunk: bytes, position: int, left: list[bytes]) -> int:
        quote = chunk.find(_QUOTE, position)
        if quote < 0:
            left.append(chunk[position:])
            return len(chunk)
        left.append(chunk[position : quote + 1])
        self._string, self._is_long = bytearray(), False
        return quote + 1

    def _through_string(self, chunk: bytes, position: int, string: bytearray, left: list[bytes]) -> int:
        start = position
        if self._is_escaped:
            self._is_escaped = False
            position += 1
        match = _REST_OF_STRING.match(chunk, position)
        assert match is not None, "it matches nothing, too"
        end = match.end()
        self._is_escaped = chunk[end : end + 1] == b"\\"
        if self._is_escaped:
            end += 1
        self._keep(string, chunk[start:end])
        if end < len(chunk):
            left += (bytes(string), _QUOTE)
            self._string = None
            end += 1
        return end

    def _keep(self, string: bytearray, part: bytes) -> None:
        self._is_long = self._is_long or len(string) + len(part) > MOST_STRING_BYTES
        if self._is_long:
            string.clear()
        else:
            string += part

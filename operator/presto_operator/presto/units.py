"""Durations and data sizes as Presto's configuration writes them (airlift's Duration and DataSize)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {unit: 1024.0**power for power, unit in enumerate(("B", "kB", "MB", "GB", "TB", "PB"))}
_SHOWN = 60
"""Characters that an error quotes of a text that may have any length."""

_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*")


def presto_duration_seconds(text: str) -> float:
    """The seconds in a duration: `10s`, `1.5m`, `500ms`.

    Raises:
        ValueError: `text` is not a duration.
    """
    return _parsed(text, _SECONDS, "Presto duration", "10s")


def data_size_bytes(text: str) -> int:
    """The bytes in a data size: `300MB`, `1.5GB`. Its units are powers of 1024.

    Raises:
        ValueError: `text` is not a data size.
    """
    return int(_parsed(text, _BYTES, "data size", "300MB"))


def _parsed(text: str, units: Mapping[str, float], kind: str, example: str) -> float:
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2] not in units:
        raise ValueError(f'must be a {kind}, for example "{example}", in {", ".join(units)} (got "{text[:_SHOWN]}")')
    value = float(match[1]) * units[match[2]]
    if math.isinf(value):
        raise ValueError(f'"{text[:_SHOWN]}" is too large')
    return value

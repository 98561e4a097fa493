"""Durations as Presto writes them (airlift's Duration)."""

from __future__ import annotations

import re

_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*$")


def presto_duration_seconds(text: str) -> float:
    """The seconds in one of Presto's durations: `10s`, `1.5m`, `500ms`.

    Raises:
        ValueError: `text` is not one.
    """
    match = _DURATION.match(text)
    if match is None or match[2] not in _SECONDS:
        raise ValueError(f'must be a Presto duration, for example "10s", in {", ".join(_SECONDS)} (got "{text}")')
    return float(match[1]) * _SECONDS[match[2]]

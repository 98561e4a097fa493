"""Answers of Presto as they arrive."""

from __future__ import annotations

import json


def json_bytes(answer: object) -> bytes:
    """An answer in JSON."""
    return json.dumps(answer).encode()

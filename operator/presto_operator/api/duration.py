"""Durations (`90s`, `30m`, `1h30m`) as they stand in a manifest."""

from __future__ import annotations

import re
from typing import Annotated

import durationpy
from pydantic import AfterValidator, WithJsonSchema

# Go's form, without a sign and without fractions, which no setting of ours needs.
_PATTERN = r"^([0-9]{1,9}(h|m|s))+$"
_MAX_LENGTH = 32


def duration_seconds(duration: str) -> int:
    """The whole seconds in a duration.

    Raises:
        ValueError: `duration` is none.
    """
    if len(duration) > _MAX_LENGTH or not re.fullmatch(_PATTERN, duration):
        raise ValueError(f'"{duration[:_MAX_LENGTH]}" is not a duration; write for example "90s" or "1h30m"')
    return int(durationpy.from_str(duration).total_seconds())


def check_bounds(field: str, duration: str, *, least: str | None = None, most: str) -> None:
    """Refuse a duration that is out of bounds, in the words of the CEL rule beside the field.

    Raises:
        ValueError: it is shorter than `least` or longer than `most`; the message names `field`.
    """
    if least is not None and duration_seconds(duration) < duration_seconds(least):
        raise ValueError(f"{field} must not be less than {least}")
    if duration_seconds(duration) > duration_seconds(most):
        raise ValueError(f"{field} must not be more than {most}")


def _checked(text: str) -> str:
    duration_seconds(text)
    return text


Duration = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "maxLength": _MAX_LENGTH}),
]
"""A duration, as text."""

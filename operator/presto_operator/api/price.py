"""Prices (`0.40`) as they stand in a manifest."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

# More than nothing, which is why there are two forms: a whole part that isn't zero, or a fraction that isn't.
_PATTERN = r"^([1-9][0-9]{0,5}(\.[0-9]{1,6})?|0\.[0-9]{0,5}[1-9][0-9]{0,5})$"
_MAX_LENGTH = 13


def _checked(text: str) -> str:
    if not re.fullmatch(_PATTERN, text):
        raise ValueError(
            f'"{text[:_MAX_LENGTH]}" is not a price; write a decimal number above 0, for example "0.40", with at most '
            "6 digits before the point and 6 after it"
        )
    return text


Price = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "maxLength": _MAX_LENGTH}),
]
"""A price above nothing, as text: a number of YAML would lose digits on its way."""


def price_value(price: str) -> Decimal:
    """The number that a price stands for."""
    return Decimal(price)

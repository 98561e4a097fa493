"""Prices (`0.40`) as they stand in a manifest."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from presto_operator.api.positive_decimal import PositiveDecimal

_FORM = PositiveDecimal("a price", example="0.40", whole_digits=6, fraction_digits=6)

Price = Annotated[str, AfterValidator(_FORM.checked), WithJsonSchema(_FORM.json_schema)]
"""A price above nothing, as text."""


def price_value(price: str) -> Decimal:
    """The number that a price stands for."""
    return Decimal(price)

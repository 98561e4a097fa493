"""Maps of Presto properties."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import WithoutKeys

PropertyName = Annotated[str, Field(min_length=1, max_length=256)]
PropertyValue = Annotated[str, Field(max_length=8192)]

Properties = Annotated[dict[PropertyName, PropertyValue], Field(max_length=256)]
"""Properties of one file."""

SET_BY_THE_OPERATOR = "is set by the operator: remove it"


def without(owned: Iterable[str]) -> WithoutKeys:
    """A rule for properties: these belong to the operator."""
    return WithoutKeys(dict.fromkeys(owned, SET_BY_THE_OPERATOR))

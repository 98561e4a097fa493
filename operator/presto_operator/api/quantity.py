"""Kubernetes quantities (`4Gi`, `500m`)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from kubernetes.utils import quantity as kubernetes_quantity
from pydantic import BeforeValidator, Field, WithJsonSchema

from presto_operator.api.field_rules import Matches, matches

# Kubernetes' own form, but without a sign, which no resource has, and without numbers too large to compute with.
_FORM = Matches(
    r"^([0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$",
    'be a quantity, for example "16Gi" or "500m"',
)
_MAX_LENGTH = 32


def _parsed(text: str) -> Decimal:
    return Decimal(kubernetes_quantity.parse_quantity(text))  # type: ignore[no-untyped-call]


def _as_text(value: object) -> object:
    # `cpu: 4` is YAML's integer 4; Kubernetes reads it as the quantity "4", and so do we.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else value


Quantity = Annotated[
    str,
    Field(max_length=_MAX_LENGTH),
    BeforeValidator(_as_text),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True,
            "maxLength": _MAX_LENGTH,
        }
    ),
    _FORM,
]
"""A quantity. In a manifest an integer or a string, as in the core API; here always text."""

MemoryQuantity = Annotated[str, Field(max_length=_MAX_LENGTH), _FORM]
"""A quantity of memory, which needs a unit and therefore is a string in a manifest, too."""


def is_quantity(value: object) -> bool:
    """Whether a value of a free-form part is a quantity."""
    text = _as_text(value)
    return isinstance(text, str) and len(text) <= _MAX_LENGTH and matches(_FORM.pattern, text)


def is_more(quantity: str, than: str) -> bool:
    """Whether one quantity is larger than another."""
    return _parsed(quantity) > _parsed(than)


def quantity_bytes(quantity: str) -> int:
    """The number of bytes in a quantity of memory, rounded down.

    Raises:
        ValueError: `quantity` is not one.
    """
    return int(_parsed(quantity))

"""Kubernetes quantities (`4Gi`, `500m`) as they stand in a manifest."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from kubernetes.utils import quantity as kubernetes_quantity
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

# Kubernetes' own, but for a sign, which no resource has, and for numbers that would fill a machine's memory.
_PATTERN = r"^([0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$"
_MAX_LENGTH = 32


def _parsed(text: str) -> Decimal:
    return Decimal(kubernetes_quantity.parse_quantity(text))  # type: ignore[no-untyped-call]


def _as_text(value: object) -> object:
    # `cpu: 4` is YAML's integer 4; Kubernetes takes it as the quantity "4", and so do we.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _checked(text: str) -> str:
    if len(text) > _MAX_LENGTH or not re.fullmatch(_PATTERN, text):
        raise ValueError(f'"{text[:_MAX_LENGTH]}" is not a quantity; write for example "16Gi" or "500m"')
    return text


Quantity = Annotated[
    str,
    BeforeValidator(_as_text),
    AfterValidator(_checked),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True,
            "pattern": _PATTERN,
            "maxLength": _MAX_LENGTH,
        }
    ),
]
"""A quantity, as text. In the CRD an integer or a string, as in the core API."""

MemoryQuantity = Annotated[
    str, AfterValidator(_checked), WithJsonSchema({"type": "string", "pattern": _PATTERN, "maxLength": _MAX_LENGTH})
]
"""A quantity of memory, always written with a unit."""


def is_more(quantity: str, than: str) -> bool:
    """Whether one quantity is larger than another."""
    return _parsed(quantity) > _parsed(than)


def quantity_bytes(quantity: str) -> int:
    """The number of bytes in a quantity of memory, rounded down.

    Raises:
        ValueError: `quantity` is none.
    """
    return int(_parsed(quantity))

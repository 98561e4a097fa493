"""Kubernetes quantities (`4Gi`, `500m`) as they stand in a manifest."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from kubernetes.utils import quantity as kubernetes_quantity
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

_PATTERN = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?[0-9]+))?$"


def _parsed(text: str) -> Decimal:
    return Decimal(kubernetes_quantity.parse_quantity(text))  # type: ignore[no-untyped-call]


def _as_text(value: object) -> object:
    # `cpu: 4` is YAML's integer 4; Kubernetes takes it as the quantity "4", and so do we.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _checked(text: str) -> str:
    try:
        _parsed(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a quantity; write for example "16Gi" or "500m"') from None
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
            "maxLength": 32,
        }
    ),
]
"""A quantity, as text. In the CRD an integer or a string, as in the core API."""

MemoryQuantity = Annotated[
    str, AfterValidator(_checked), WithJsonSchema({"type": "string", "pattern": _PATTERN, "maxLength": 32})
]
"""A quantity of memory, always written with a unit."""


def quantity_bytes(quantity: str) -> int:
    """The number of bytes in a quantity of memory, rounded down.

    Raises:
        ValueError: `quantity` is none.
    """
    return int(_parsed(quantity))

"""`autoscaling.behavior`: how fast the number of workers may change, with the meaning that HPA's `behavior` has."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from presto_operator.api.model import Model, nested

MAX_WINDOW_SECONDS = 3600
MAX_PERIOD_SECONDS = 1800

SelectPolicy = Literal["Max", "Min", "Disabled"]

_TOLERANCE_PATTERN = r"^0(\.[0-9]{1,3})?$"


def _checked(text: str) -> str:
    if not re.fullmatch(_TOLERANCE_PATTERN, text):
        raise ValueError(f'"{text[:16]}" is not a tolerance; write a decimal number from 0 to 0.999, for example "0.1"')
    return text


Tolerance = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "pattern": _TOLERANCE_PATTERN, "maxLength": 5}),
]
"""A share from 0 to 0.999, as text."""


class ScalingPolicy(Model):
    """How many workers may come or go within a period."""

    type: Literal["Pods", "Percent"] = Field(
        description="Whether value is a number of workers, or a percentage of those at the start of the period."
    )
    value: int = Field(strict=True, ge=1, le=1000, description="How many, or how many percent.")
    period_seconds: int = Field(
        strict=True, ge=1, le=MAX_PERIOD_SECONDS, description="Length of the period; at most 1800 seconds."
    )


def _policies(default: tuple[ScalingPolicy, ...], words: str) -> Any:
    return Field(
        default=default,
        min_length=1,
        max_length=8,
        description=f"How many workers may {words} within a period; selectPolicy says which one counts.",
        json_schema_extra={"default": [policy.model_dump(by_alias=True) for policy in default]},
    )


def _window(seconds: int, words: str) -> Any:
    return Field(
        default=seconds,
        strict=True,
        ge=0,
        le=MAX_WINDOW_SECONDS,
        description=f"For how many seconds back recommendations are looked at; the {words} of them counts.",
    )


def _select_policy(words: str) -> Any:
    return Field(
        default="Max",
        description=f"Which policy counts: Max, the one that lets most workers {words}; Min, the one that lets the "
        "fewest; Disabled: none at all.",
    )


def _tolerance(words: str) -> Any:
    return Field(
        default="0.1",
        description=f"By what share the need must be {words} the workers that there are, before anything is done.",
    )


class ScaleUp(Model):
    """How workers come."""

    stabilization_window_seconds: int = _window(0, "lowest")
    policies: tuple[ScalingPolicy, ...] = _policies(
        (
            ScalingPolicy(type="Pods", value=4, period_seconds=15),
            ScalingPolicy(type="Percent", value=100, period_seconds=15),
        ),
        "come",
    )
    select_policy: SelectPolicy = _select_policy("come")
    tolerance: Tolerance = _tolerance("above")


class ScaleDown(Model):
    """How workers go."""

    stabilization_window_seconds: int = _window(300, "highest")
    policies: tuple[ScalingPolicy, ...] = _policies(
        (ScalingPolicy(type="Percent", value=100, period_seconds=15),), "go"
    )
    select_policy: SelectPolicy = _select_policy("go")
    tolerance: Tolerance = _tolerance("below")


class ScalingBehavior(Model):
    """How fast the number of workers may change."""

    scale_up: ScaleUp = nested(ScaleUp, "How workers come.")
    scale_down: ScaleDown = nested(ScaleDown, "How workers go. Those that go drain first, whatever this says.")


def tolerance_value(tolerance: str) -> Decimal:
    """The number that a tolerance stands for."""
    return Decimal(tolerance)

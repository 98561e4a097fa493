"""`autoscaling.behavior`: how fast the number of workers may change, with the same meaning as HPA's `behavior`.

The defaults are HPA's, except for the stabilization windows: a burst of short queries is over before a worker for it
has started, and a worker that is removed too early takes minutes to come back. `make bench-autoscaling` measures them.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from presto_operator.api.field_rules import Matches
from presto_operator.api.model import Model, nested

MAX_WINDOW_SECONDS = 3600
MAX_PERIOD_SECONDS = 1800

SelectPolicy = Literal["Max", "Min", "Disabled"]

_TOLERANCE_LENGTH = 12


def _as_text(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return format(Decimal(str(value)), "f") if is_number else value


Tolerance = Annotated[
    str,
    Field(max_length=_TOLERANCE_LENGTH),
    BeforeValidator(_as_text),
    # HPA takes a Quantity: a number, or text with a suffix. The schema of a CRD has no type for both.
    WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True, "maxLength": _TOLERANCE_LENGTH, "minimum": 0}),
    Matches(r"^[0-9]{1,4}(\.[0-9]{1,6})?m?$", 'be a fraction such as 0.1, or a quantity such as "100m"'),
]


def tolerance_value(tolerance: str) -> Fraction:
    """The fraction that a tolerance is: a twentieth for both `0.05` and `50m`."""
    return Fraction(tolerance.removesuffix("m")) / (1000 if tolerance.endswith("m") else 1)


class ScalingPolicy(Model):
    """How many workers may be added or removed within a period."""

    type: Literal["Pods", "Percent"] = Field(
        description="Whether value is a number of workers, or a percentage of the workers at the start of the period."
    )
    value: int = Field(strict=True, ge=1, le=1000, description="Number or percentage of workers.")
    period_seconds: int = Field(strict=True, ge=1, le=MAX_PERIOD_SECONDS, description="Length of the period.")


def _policies(default: tuple[ScalingPolicy, ...], change: str) -> Any:
    return Field(
        default=default,
        min_length=1,
        max_length=8,
        description=f"How many workers may be {change} within a period; selectPolicy decides which policy applies.",
        json_schema_extra={"default": [policy.model_dump(by_alias=True) for policy in default]},
    )


def _window(seconds: int, which: str) -> Any:
    return Field(
        default=seconds,
        strict=True,
        ge=0,
        le=MAX_WINDOW_SECONDS,
        description=f"Length of the window of past recommendations, in seconds, of which the {which} applies.",
    )


def _select_policy(change: str) -> Any:
    return Field(
        default="Max",
        description=(
            f"Max: the policy that allows the most workers to be {change} applies. Min: the one that allows the "
            f"fewest. Disabled: no workers are {change}."
        ),
    )


def _tolerance(where: str) -> Any:
    return Field(
        default="0.1",
        description=(
            f"How far the recommendation must be {where} the current number of workers before it changes, as a "
            "fraction: 0.05 and 50m are a twentieth."
        ),
    )


class ScaleUp(Model):
    """How workers are added."""

    stabilization_window_seconds: int = _window(15, "lowest")
    policies: tuple[ScalingPolicy, ...] = _policies(
        (
            ScalingPolicy(type="Pods", value=4, period_seconds=15),
            ScalingPolicy(type="Percent", value=100, period_seconds=15),
        ),
        "added",
    )
    select_policy: SelectPolicy = _select_policy("added")
    tolerance: Tolerance = _tolerance("above")


class ScaleDown(Model):
    """How workers are removed."""

    stabilization_window_seconds: int = _window(600, "highest")
    policies: tuple[ScalingPolicy, ...] = _policies(
        (ScalingPolicy(type="Percent", value=100, period_seconds=15),), "removed"
    )
    select_policy: SelectPolicy = _select_policy("removed")
    tolerance: Tolerance = _tolerance("below")


class ScalingBehavior(Model):
    """How fast the number of workers may change."""

    scale_up: ScaleUp = nested(ScaleUp, "How workers are added.")
    scale_down: ScaleDown = nested(ScaleDown, "How workers are removed. They always drain first.")

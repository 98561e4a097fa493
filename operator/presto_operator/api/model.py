"""The base of every model of the API, and how a model says things that only a CRD schema can carry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class Model(BaseModel):
    """A part of a resource: immutable, camelCase on the wire, and strict about fields that it doesn't know."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")


def rule(expression: str, message: str, *, message_expression: str = "", field: str = "") -> dict[str, str]:
    """A CEL validation rule, with the message that `kubectl apply` shows when it does not hold.

    `message_expression` makes a message that can name what is wrong; `message` stays as what is shown if it fails. The
    message speaks of the object that carries the rule, or of its `field`.
    """
    named = {"messageExpression": message_expression} if message_expression else {}
    placed = {"fieldPath": f".{field}"} if field else {}
    return {"rule": expression, "message": message, **named, **placed}


def schema(*rules: dict[str, str], **extra: Any) -> ConfigDict:
    """The configuration of a model whose schema carries CEL `rules` and `extra` keys (`x_kubernetes_...`)."""
    keys: dict[str, Any] = {name.replace("_", "-"): value for name, value in extra.items()}
    if rules:
        keys["x-kubernetes-validations"] = list(rules)
    return ConfigDict(json_schema_extra=keys)


def nested(model: type[Model], description: str) -> Any:
    """A field that may be left out, and is then `model` with all of its defaults.

    The CRD spells the defaults out, because the API server holds a default against the CEL rules before it would
    fill in what is inside.
    """
    return Field(default_factory=model, description=description, json_schema_extra={"default": _spelled_out(model())})


def _spelled_out(part: Model) -> dict[str, Any]:
    defaults = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: value for name, value in defaults.items() if value not in ({}, [])}


PROBLEM_INSIDE = "problem_inside"


def problem_inside(path: str, message: str) -> PydanticCustomError:
    """The error of a validator that knows better than its own field where the mistake is: at `path` inside of it."""
    return PydanticCustomError(PROBLEM_INSIDE, "{message}", {"path": path, "message": message})


BY_NAME: dict[str, Any] = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
"""Of a list whose items have different names: the API server refuses two of one name."""


def first_duplicate(names: Sequence[str]) -> str | None:
    """The first of `names` that is there more than once; None: all are different."""
    return next((name for index, name in enumerate(names) if name in names[:index]), None)

"""The base of every model of the API, and how a model says things that only a CRD schema can carry."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A part of a resource: immutable, camelCase on the wire, and strict about fields that it doesn't know."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")


def rule(expression: str, message: str) -> dict[str, str]:
    """A CEL validation rule, with the message that `kubectl apply` shows when it does not hold."""
    return {"rule": expression, "message": message}


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

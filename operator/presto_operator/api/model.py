"""The base of every model of the API."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

from presto_operator.api.rules import ModelRule, raise_problems


class Model(BaseModel):
    """A part of a resource: immutable, camelCase on the wire, and strict about unknown fields."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")

    rules: ClassVar[tuple[ModelRule, ...]] = ()
    """What must hold between its fields."""

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        raise_problems(problem for rule in self.rules for problem in rule.problems(self))
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Pydantic's hook for the schema: it gets the CEL of the rules."""
        schema = handler(core_schema)
        definition = handler.resolve_ref_schema(schema)
        if rules := [each for rule in cls.rules for each in rule.cel(cls)]:
            definition["x-kubernetes-validations"] = rules
        return schema


FreeForm = Annotated[dict[str, Any], Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})]
"""A part of a Kubernetes object, passed on as it is. The API server checks it when the operator applies the object."""


def nested(model: type[Model], description: str) -> Any:
    """A field that defaults to `model` with all of its defaults.

    The CRD spells these defaults out: the API server checks a default against the CEL rules before it fills in the
    defaults inside it.
    """
    return Field(default_factory=model, description=description, json_schema_extra={"default": _spelled_out(model())})


def _spelled_out(part: Model) -> dict[str, Any]:
    defaults = part.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: value for name, value in defaults.items() if value not in ({}, [])}

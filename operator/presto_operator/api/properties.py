"""Maps of properties, as they stand in a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from presto_operator.api.model import rule

PropertyName = Annotated[str, Field(min_length=1, max_length=256)]
PropertyValue = Annotated[str, Field(max_length=8192)]

Properties = Annotated[dict[PropertyName, PropertyValue], Field(max_length=256)]
"""Properties of one file."""


@dataclass(frozen=True)
class Without:
    """An annotation of `Properties`: these names are the operator's, and refused by the schema and by the model."""

    owned: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's hook for validation."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Pydantic's hook for the schema."""
        rules = [rule(f"!('{name}' in self)", f"{name} is set by the operator: remove it") for name in self.owned]
        return {**handler(schema), "x-kubernetes-validations": rules}

    def _checked(self, properties: dict[str, str]) -> dict[str, str]:
        for name in self.owned:
            if name in properties:
                raise ValueError(f'"{name}" is set by the operator: remove it')
        return properties

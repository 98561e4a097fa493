"""`env`: environment variables of the servers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from presto_operator.api.model import Model, rule, schema
from presto_operator.api.owned import OWNED_VARIABLES
from presto_operator.api.reference import KeyReference

_ONE_OF_TWO = rule(
    "has(self.value) != has(self.valueFrom)", 'set either value or valueFrom; for an empty variable write value: ""'
)
_ONE_SOURCE = rule(
    "[has(self.secretKeyRef), has(self.configMapKeyRef), has(self.fieldRef), has(self.resourceFieldRef)]"
    ".filter(given, given).size() == 1",
    "valueFrom must have exactly one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef",
)
_not_owned_rules = tuple(
    rule(f"self.name != '{name}'", f"{name} is set by the operator: remove it") for name in OWNED_VARIABLES
)


class VariableKeyReference(KeyReference):
    """A key of a ConfigMap or Secret, whose value becomes a variable."""

    optional: bool | None = Field(
        default=None,
        strict=True,
        description="Whether the variable is left out where the object or the key is not there.",
    )


class FieldReference(Model):
    """A field of the pod."""

    field_path: Annotated[str, StringConstraints(min_length=1, max_length=512)] = Field(
        description='The field, for example "status.podIP" or "metadata.labels[\'team\']".'
    )
    api_version: Annotated[str, StringConstraints(max_length=63)] | None = Field(
        default=None, description="Version of the schema that fieldPath is written in, v1 unless told."
    )


class ResourceReference(Model):
    """A resource of a container of the pod."""

    resource: Annotated[str, StringConstraints(min_length=1, max_length=128)] = Field(
        description='The resource, for example "limits.memory".'
    )
    container_name: Annotated[str, StringConstraints(max_length=63)] | None = Field(
        default=None, description="The container; the server's own unless told."
    )
    divisor: Annotated[str, StringConstraints(max_length=32)] | None = Field(
        default=None, description='What the value is divided by, for example "1Mi".'
    )


class VariableSource(Model):
    """Where the value of a variable comes from."""

    model_config = schema(_ONE_SOURCE)

    secret_key_ref: VariableKeyReference | None = Field(default=None, description="A key of a Secret.")
    config_map_key_ref: VariableKeyReference | None = Field(default=None, description="A key of a ConfigMap.")
    field_ref: FieldReference | None = Field(default=None, description="A field of the pod.")
    resource_field_ref: ResourceReference | None = Field(default=None, description="A resource of a container.")

    @model_validator(mode="after")
    def _one_source(self) -> VariableSource:
        sources = (self.secret_key_ref, self.config_map_key_ref, self.field_ref, self.resource_field_ref)
        if sum(source is not None for source in sources) != 1:
            raise ValueError(_ONE_SOURCE["message"])
        return self


class Variable(Model):
    """An environment variable, as in a container."""

    model_config = schema(_ONE_OF_TWO, *_not_owned_rules)

    name: Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")] = (
        Field(description="Name of the variable.")
    )
    value: Annotated[str, StringConstraints(max_length=32768)] | None = Field(
        default=None, description="Its value. $(NAME) stands for a variable that is named before it."
    )
    value_from: VariableSource | None = Field(default=None, description="Where its value comes from instead.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Variable:
        if (self.value is None) == (self.value_from is None):
            raise ValueError(_ONE_OF_TWO["message"])
        if self.name in OWNED_VARIABLES:
            raise ValueError(f"{self.name} is set by the operator: remove it")
        return self

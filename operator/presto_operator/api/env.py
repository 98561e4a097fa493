"""`env`: environment variables of the servers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import Matches
from presto_operator.api.model import Model
from presto_operator.api.model_rules import ExactlyOne
from presto_operator.api.owned import VARIABLE_NAMES
from presto_operator.api.reference import KeyReference

_VariableName = Annotated[
    str,
    Field(max_length=256),
    Matches(
        r"^[A-Za-z_][A-Za-z0-9_.-]*$",
        "consist of letters, digits, underscores, dots and dashes, and start with a letter or an underscore",
    ),
    VARIABLE_NAMES,
]


class VariableKeyReference(KeyReference):
    """A key of a ConfigMap or Secret that gives a variable its value."""

    optional: bool | None = Field(
        default=None,
        strict=True,
        description=(
            "true: without the object or the key, the variable isn't set. false: the cluster is then invalid. "
            "Default: false."
        ),
    )


class FieldReference(Model):
    """A field of the pod."""

    field_path: Annotated[str, Field(min_length=1, max_length=512)] = Field(
        description='The field, for example "status.podIP" or "metadata.labels[\'team\']".'
    )
    api_version: Annotated[str, Field(max_length=63)] | None = Field(
        default=None, description="API version that fieldPath refers to. Default: v1."
    )


class ResourceReference(Model):
    """A resource of a container of the pod."""

    resource: Annotated[str, Field(min_length=1, max_length=128)] = Field(
        description='The resource, for example "limits.memory".'
    )
    container_name: Annotated[str, Field(max_length=63)] | None = Field(
        default=None, description="The container. Default: the server's container."
    )
    divisor: Annotated[str, Field(max_length=32)] | None = Field(
        default=None, description='What the value is divided by, for example "1Mi". Default: 1.'
    )


class VariableSource(Model):
    """Where the value of a variable comes from."""

    rules = (ExactlyOne(("secret_key_ref", "config_map_key_ref", "field_ref", "resource_field_ref")),)

    secret_key_ref: VariableKeyReference | None = Field(default=None, description="A key of a Secret.")
    config_map_key_ref: VariableKeyReference | None = Field(default=None, description="A key of a ConfigMap.")
    field_ref: FieldReference | None = Field(default=None, description="A field of the pod.")
    resource_field_ref: ResourceReference | None = Field(default=None, description="A resource of a container.")


class Variable(Model):
    """An environment variable, as in a container."""

    rules = (ExactlyOne(("value", "value_from"), hint='; for an empty variable write value: ""'),)

    name: _VariableName = Field(description="Name of the variable.")
    value: Annotated[str, Field(max_length=32768)] | None = Field(
        default=None, description="Its value. $(NAME) is replaced by the value of a variable earlier in the list."
    )
    value_from: VariableSource | None = Field(default=None, description="Where its value comes from instead.")

"""`initContainers`: what runs in a pod before its server."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from presto_operator.api.model import Model, rule, schema
from presto_operator.api.owned import OWNED_CONTAINERS, PLUGIN_CONTAINER_PREFIX, RESERVED_PREFIX, is_owned_container

_NAME_RULE = rule(
    f"!(self.name in {list(OWNED_CONTAINERS)}) && !self.name.startsWith('{PLUGIN_CONTAINER_PREFIX}') && "
    f"!self.name.startsWith('{RESERVED_PREFIX}')",
    f'{", ".join(OWNED_CONTAINERS)} and names that begin with "{PLUGIN_CONTAINER_PREFIX}" or "{RESERVED_PREFIX}" are '
    "the operator's: choose another name",
)


class InitContainer(Model):
    """A container as in a pod, of which only the name and the image are looked at."""

    model_config = ConfigDict(**schema(_NAME_RULE, x_kubernetes_preserve_unknown_fields=True), extra="allow")

    name: Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")] = (
        Field(description="Name of the container.")
    )
    image: Annotated[str, StringConstraints(min_length=1, max_length=512)] = Field(description="Its image.")

    @model_validator(mode="after")
    def _not_the_operators(self) -> InitContainer:
        if is_owned_container(self.name):
            raise ValueError(_NAME_RULE["message"])
        return self

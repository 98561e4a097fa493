"""`initContainers`: what runs in a pod before its server."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from presto_operator.api.image import ImageReference
from presto_operator.api.model import Model
from presto_operator.api.names import DnsLabel
from presto_operator.api.owned import CONTAINER_NAMES


class InitContainer(Model):
    """A container, as in a pod. The API server checks its other fields when the operator creates the Deployment."""

    model_config = ConfigDict(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True}, extra="allow")

    name: Annotated[DnsLabel, CONTAINER_NAMES] = Field(description="Name of the container.")
    image: ImageReference = Field(description="Image of the container.")

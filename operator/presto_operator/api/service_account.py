"""`serviceAccount`: the identity of the pods, in Kubernetes and in the cloud."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.model import Model
from presto_operator.api.model_rules import NotBoth
from presto_operator.api.names import LabelName, ObjectName


class ServiceAccount(Model):
    """The ServiceAccount of all of the cluster's pods."""

    rules = (
        NotBoth(("name", "annotations"), why="annotations are for the ServiceAccount that the operator creates: "),
    )

    name: ObjectName | None = Field(
        default=None,
        description="Name of an existing ServiceAccount. Default: the operator creates one for the cluster.",
    )
    annotations: dict[LabelName, Annotated[str, Field(max_length=1024)]] = Field(
        default_factory=dict,
        max_length=32,
        description=(
            "Annotations of the ServiceAccount that the operator creates, from which a cloud gives it an identity: "
            '{"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/presto"}. A change rolls out a new '
            "generation: clouds read them only when a pod starts."
        ),
    )

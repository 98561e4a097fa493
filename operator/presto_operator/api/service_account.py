"""`serviceAccount`: the identity of the pods, in Kubernetes and in the cloud."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from presto_operator.api.model import Model, rule, schema
from presto_operator.api.reference import ObjectName


class ServiceAccount(Model):
    """The ServiceAccount of all of the cluster's pods."""

    model_config = schema(
        rule(
            "!(has(self.name) && has(self.annotations))",
            "annotations are for the ServiceAccount that the operator makes: remove them or name",
        )
    )

    name: ObjectName | None = Field(
        default=None,
        description="A ServiceAccount that is there already; left out, the operator makes one for the cluster.",
    )
    annotations: dict[Annotated[str, Field(max_length=317)], Annotated[str, Field(max_length=1024)]] = Field(
        default_factory=dict,
        max_length=32,
        description=(
            "Annotations of the cluster's own ServiceAccount, by which a cloud gives it an identity, for example "
            '{"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/presto"}. A change rolls the cluster: '
            "clouds look at them when a pod starts."
        ),
    )

    @model_validator(mode="after")
    def _own_or_given(self) -> ServiceAccount:
        if self.name is not None and self.annotations:
            raise ValueError("annotations are for the ServiceAccount that the operator makes: remove them or name")
        return self

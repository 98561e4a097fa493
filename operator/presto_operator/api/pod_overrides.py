"""`podOverrides`: the way out, a patch over a role's pods, for whatever has no field of its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from presto_operator.api.free_form import FreeForm
from presto_operator.api.model import Model, problem_inside, rule
from presto_operator.objects import GROUP, RECOMMENDED_LABELS

_OWNED_PREFIX = f"{GROUP}/"


def _without_owned(metadata: dict[str, str]) -> dict[str, str]:
    for name in metadata:
        if name in RECOMMENDED_LABELS or name.startswith(_OWNED_PREFIX):
            raise problem_inside(name, "set by the operator: remove it")
    return metadata


_Name = Annotated[str, StringConstraints(min_length=1, max_length=317)]
_not_owned_rules = [
    *(rule(f"!('{name}' in self)", f"{name} is set by the operator: remove it") for name in RECOMMENDED_LABELS),
    rule(
        f"self.all(name, !name.startsWith('{_OWNED_PREFIX}'))",
        f"names that begin with {_OWNED_PREFIX} are set by the operator: remove them",
    ),
]

Labels = Annotated[
    dict[_Name, Annotated[str, StringConstraints(max_length=63)]],
    Field(max_length=32, json_schema_extra={"x-kubernetes-validations": _not_owned_rules}),
    AfterValidator(_without_owned),
]
Annotations = Annotated[
    dict[_Name, Annotated[str, StringConstraints(max_length=16384)]],
    Field(max_length=32, json_schema_extra={"x-kubernetes-validations": _not_owned_rules}),
    AfterValidator(_without_owned),
]


class PodMetadata(Model):
    """Labels and annotations that are added to the operator's own."""

    labels: Labels = Field(
        default_factory=dict, description='Labels, for example {"azure.workload.identity/use": "true"}.'
    )
    annotations: Annotations = Field(
        default_factory=dict, description='Annotations, for example {"sidecar.istio.io/inject": "false"}.'
    )


class PodOverrides(Model):
    """A strategic merge patch over the pod template."""

    metadata: PodMetadata | None = Field(default=None, description="Labels and annotations of the pods.")
    spec: Annotated[FreeForm, Field(max_length=64)] = Field(
        default_factory=dict,
        description=(
            "Patch of the pod's spec: objects are merged; containers, initContainers, volumes, env, ports, "
            "volumeMounts, imagePullSecrets, hostAliases and topologySpreadConstraints item by item, by the key that "
            "they have in Kubernetes; other lists are replaced; an object or item with $patch: delete is removed. "
            "The server's container is named presto. What the operator owns of it is refused, with the field to use "
            "instead."
        ),
    )

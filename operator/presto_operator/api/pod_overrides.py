"""`podOverrides`: a patch over a role's pods, for what has no field of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from presto_operator.api.field_rules import WithoutKeys
from presto_operator.api.model import FreeForm, Model
from presto_operator.api.pod_ownership import ownership_problems
from presto_operator.api.properties import SET_BY_THE_OPERATOR
from presto_operator.api.rules import Problem, UncheckedAtApply
from presto_operator.objects import GROUP, RECOMMENDED_LABELS

_Name = Annotated[str, Field(min_length=1, max_length=317)]
_FOREIGN = WithoutKeys(
    dict.fromkeys(RECOMMENDED_LABELS, SET_BY_THE_OPERATOR), prefixes={f"{GROUP}/": SET_BY_THE_OPERATOR}
)

Labels = Annotated[dict[_Name, Annotated[str, Field(max_length=63)]], Field(max_length=32), _FOREIGN]
Annotations = Annotated[dict[_Name, Annotated[str, Field(max_length=16384)]], Field(max_length=32), _FOREIGN]


@dataclass(frozen=True)
class PatchesOnlyTheUsersPart(UncheckedAtApply):
    """A patch that keeps away from what the operator owns. A patch has no schema, so CEL can't check it."""

    def problems(self, value: Mapping[str, Any]) -> Iterable[Problem]:
        """Everything in the patch that the operator owns."""
        return ownership_problems(value)


class PodMetadata(Model):
    """Labels and annotations in addition to the operator's own."""

    labels: Labels = Field(
        default_factory=dict, description='Labels, for example {"azure.workload.identity/use": "true"}.'
    )
    annotations: Annotations = Field(
        default_factory=dict, description='Annotations, for example {"sidecar.istio.io/inject": "false"}.'
    )


class PodOverrides(Model):
    """A strategic merge patch of the pod template."""

    metadata: PodMetadata | None = Field(default=None, description="Labels and annotations of the pods. Default: none.")
    spec: Annotated[FreeForm, Field(max_length=64), PatchesOnlyTheUsersPart()] = Field(
        default_factory=dict,
        description=(
            "Patch of the pod's spec. Objects are merged. containers, initContainers, volumes, env, ports, "
            "volumeMounts, imagePullSecrets, hostAliases and topologySpreadConstraints are merged item by item, as in "
            "Kubernetes; other lists are replaced. An object or item with $patch: delete is removed. The server's "
            "container is presto. What the operator owns is refused, with a hint to the field that sets it."
        ),
    )

"""What the coordinator and the workers have in common: resources, JVM, Presto properties, placement on nodes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from presto_operator.api.jvm import DEFAULT_HEAP_PERCENT, JVM
from presto_operator.api.model import Model, nested, rule, schema
from presto_operator.api.quantity import Quantity, is_more, quantity_bytes
from presto_operator.presto import OWNED_PROPERTIES, memory_errors

DEFAULT_MEMORY = "4Gi"
MINIMUM_HEAP_BYTES = 256 * 1024**2
"""Less is surely a slip of the pen: Presto 0.287 was measured to need 512 MiB for small queries (TPC-H, scale 1)."""

MEMORY_LIMIT_RULE = rule(
    "has(self.limits) && 'memory' in self.limits",
    "limits.memory is required: the JVM's heap is computed from it",
)
REQUESTS_RULE = rule(
    "!has(self.limits) || !has(self.requests) || self.requests.all(name, !(name in self.limits) || "
    "quantity(string(self.requests[name])).compareTo(quantity(string(self.limits[name]))) <= 0)",
    "requests must not be greater than limits",
)
HEAP_RULE = rule(
    "!has(self.jvm) || !has(self.jvm.heapSize) || !has(self.resources) || "
    "!has(self.resources.limits) || !('memory' in self.resources.limits) || "
    "quantity(self.jvm.heapSize).isLessThan(quantity(string(self.resources.limits['memory'])))",
    "jvm.heapSize must be less than resources.limits.memory",
)

_Resources = dict[Annotated[str, Field(max_length=128)], Quantity]


def _default_requests() -> _Resources:
    # Memory that isn't requested is requested as it is limited: that is Kubernetes' own rule.
    return {"cpu": "1"}


def _default_limits() -> _Resources:
    return {"memory": DEFAULT_MEMORY}


class Resources(Model):
    """Compute resources of one server, as in a container."""

    model_config = schema(MEMORY_LIMIT_RULE, REQUESTS_RULE)

    requests: _Resources = Field(
        default_factory=_default_requests,
        max_length=16,
        description="What the scheduler reserves for each server; memory as limited unless told.",
        json_schema_extra={"default": {**_default_requests()}},
    )
    limits: _Resources = Field(
        default_factory=_default_limits,
        max_length=16,
        description="What each server may use at most. limits.memory is required: the heap is computed from it.",
        json_schema_extra={"default": {**_default_limits()}},
    )

    @model_validator(mode="after")
    def _limits_hold(self) -> Resources:
        if "memory" not in self.limits:
            raise ValueError(MEMORY_LIMIT_RULE["message"])
        for name, request in self.requests.items():
            if name in self.limits and is_more(request, than=self.limits[name]):
                raise ValueError(f"{REQUESTS_RULE['message']}: {name}, {request} > {self.limits[name]}")
        return self

    @property
    def memory_limit_bytes(self) -> int:
        """The memory limit of a server's container."""
        return quantity_bytes(self.limits["memory"])


class Toleration(Model):
    """A taint that the pods tolerate, as in a pod's own `tolerations`."""

    key: str | None = Field(default=None, max_length=316, description="Taint key; left out, every key matches.")
    operator: Literal["Exists", "Equal"] | None = Field(
        default=None, description="How value is compared with the taint's: Equal unless told, or Exists."
    )
    value: str | None = Field(default=None, max_length=63, description="Taint value, for operator Equal.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="Taint effect; left out, every effect matches."
    )
    toleration_seconds: int | None = Field(
        default=None, strict=True, description="For NoExecute: how many seconds a pod stays after the taint appears."
    )


def _without_owned_properties(properties: dict[str, str]) -> dict[str, str]:
    for key in OWNED_PROPERTIES:
        if key in properties:
            raise ValueError(f'"{key}" is set by the operator: remove it')
    return properties


PropertyName = Annotated[str, Field(min_length=1, max_length=256)]
PropertyValue = Annotated[str, Field(max_length=8192)]

Config = Annotated[
    dict[PropertyName, PropertyValue],
    Field(
        max_length=256,
        json_schema_extra={
            "x-kubernetes-validations": [
                rule(f"!('{key}' in self)", f"{key} is set by the operator: remove it") for key in OWNED_PROPERTIES
            ]
        },
    ),
    AfterValidator(_without_owned_properties),
]
"""Properties of Presto's config.properties, without those that the operator owns."""

NodeSelector = dict[Annotated[str, Field(max_length=317)], Annotated[str, Field(max_length=63)]]


class Role(Model):
    """One role of a Presto cluster: the coordinator or the workers."""

    model_config = schema(HEAP_RULE)

    resources: Resources = nested(Resources, "CPU and memory of each server.")
    jvm: JVM = nested(JVM, "Heap and arguments of the JVM.")
    config: Config = Field(
        default_factory=dict,
        description=(
            'Presto\'s config.properties, for example {"query.max-memory": "200GB"}. Values are strings: quote numbers '
            "and booleans. Properties that follow from the cluster's shape, such as discovery.uri, are refused."
        ),
    )

    @model_validator(mode="after")
    def _memory_fits(self) -> Role:
        if self.heap_bytes < MINIMUM_HEAP_BYTES:
            raise ValueError(
                f"a heap of {self.heap_bytes // 1024**2} MiB is too small for Presto, which needs "
                f"{MINIMUM_HEAP_BYTES // 1024**2} MiB to start: raise resources.limits.memory or jvm"
            )
        if self.heap_bytes >= self.resources.memory_limit_bytes:
            raise ValueError(HEAP_RULE["message"])
        errors = memory_errors(self.config, self.heap_bytes)
        if errors:
            raise ValueError("; ".join(errors))
        return self

    @property
    def heap_bytes(self) -> int:
        """The largest heap of each server's JVM."""
        if self.jvm.heap_size is not None:
            return quantity_bytes(self.jvm.heap_size)
        return self.resources.memory_limit_bytes * (self.jvm.heap_percent or DEFAULT_HEAP_PERCENT) // 100


class Coordinator(Role):
    """The coordinator: parses and plans queries, and hands their tasks to the workers."""

    model_config = schema(HEAP_RULE)

    node_selector: NodeSelector = Field(
        default_factory=dict,
        max_length=32,
        description="Labels of the nodes on which the coordinator may run.",
    )
    tolerations: tuple[Toleration, ...] = Field(
        default=(), max_length=32, description="Taints that the coordinator tolerates."
    )

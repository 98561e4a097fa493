"""What the coordinator and the workers have in common: resources, JVM, Presto properties, placement on nodes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from presto_operator.api.capacity import CapacityType
from presto_operator.api.config_files import ConfigFiles
from presto_operator.api.duration import Duration, check_bounds
from presto_operator.api.env import Variable
from presto_operator.api.init_container import InitContainer
from presto_operator.api.jvm import DEFAULT_HEAP_PERCENT, JVM
from presto_operator.api.model import BY_NAME, Model, first_duplicate, nested, problem_inside, rule, schema
from presto_operator.api.pod_overrides import PodOverrides
from presto_operator.api.properties import Properties, Without
from presto_operator.api.quantity import Quantity, is_more, quantity_bytes
from presto_operator.api.ulimits import Ulimits
from presto_operator.api.volume import Volume
from presto_operator.presto import OWNED_NODE_PROPERTIES, OWNED_PROPERTIES, memory_errors

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


Config = Annotated[Properties, Without(OWNED_PROPERTIES)]
"""Properties of Presto's config.properties, without those that the operator owns."""

NodeProperties = Annotated[Properties, Without(OWNED_NODE_PROPERTIES)]
"""Properties of Presto's node.properties, without those that the operator owns."""

LogLevels = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=256)], Literal["DEBUG", "INFO", "WARN", "ERROR"]],
    Field(max_length=64),
]
_MOUNT_PATHS_MESSAGE = "each volume needs a mountPath of its own"
_VOLUMES_SCHEMA: dict[str, Any] = {
    **BY_NAME,
    "x-kubernetes-validations": [
        rule("self.all(one, self.exists_one(other, other.mountPath == one.mountPath))", _MOUNT_PATHS_MESSAGE)
    ],
}

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
    node_properties: NodeProperties = Field(
        default_factory=dict,
        description=(
            'Presto\'s node.properties, for example {"node.location": "rack-7"}. node.id, node.environment and '
            "node.data-dir are the operator's."
        ),
    )
    log_levels: LogLevels = Field(
        default_factory=dict,
        description=(
            "Presto's log.properties: the least level that is logged, DEBUG, INFO, WARN or ERROR, by logger, for "
            'example {"com.facebook.presto.hive": "DEBUG"}.'
        ),
    )
    config_files: ConfigFiles = Field(
        default_factory=dict,
        description=(
            "Further files of Presto's etc directory by name, for what has no field of its own: "
            "password-authenticator.properties, access-control.properties, event-listener.properties. They are in a "
            "ConfigMap, so what is secret belongs into a volume that they name."
        ),
    )

    env: tuple[Variable, ...] = Field(
        default=(),
        max_length=64,
        description="Further environment variables of each server.",
        json_schema_extra=BY_NAME,
    )
    volumes: tuple[Volume, ...] = Field(
        default=(),
        max_length=32,
        description="Further volumes of each server, for example local disks to spill to.",
        json_schema_extra=_VOLUMES_SCHEMA,
    )
    init_containers: tuple[InitContainer, ...] = Field(
        default=(),
        max_length=16,
        description=(
            "Containers that run one after the other before each server, after those of the operator. They can mount "
            "the role's volumes by name."
        ),
        json_schema_extra=BY_NAME,
    )
    ulimits: Ulimits = Field(default_factory=Ulimits, description="Resource limits of the server's process.")
    pod_overrides: PodOverrides | None = Field(
        default=None, description="A patch over the pods, for whatever has no field of its own."
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> Role:
        for field, items in (("env", self.env), ("volumes", self.volumes), ("initContainers", self.init_containers)):
            if name := first_duplicate([item.name for item in items]):
                raise problem_inside(field, f'two of them are named "{name}": each needs a name of its own')
        if path := first_duplicate([volume.mount_path for volume in self.volumes]):
            raise problem_inside("volumes", f"{_MOUNT_PATHS_MESSAGE} ({path})")
        return self

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

    model_config = schema(
        HEAP_RULE, rule("duration(self.drainTimeout) <= duration('24h')", "drainTimeout must not be more than 24h")
    )

    capacity_type: CapacityType = Field(
        default="Any",
        description=(
            "OnDemand keeps the coordinator off spot nodes: a reclaim of its node fails every running query. Spot and "
            "OnDemand are recognised as in workers.pools; Any, unless told, is every node."
        ),
    )
    drain_timeout: Duration = Field(
        default="10m",
        description=(
            "How long a new coordinator that is ready waits for a moment in which no query runs on the old one, before "
            "it takes over all the same; queries that then run on the old one may fail. 0s: at once. At most 24h."
        ),
    )
    node_selector: NodeSelector = Field(
        default_factory=dict,
        max_length=32,
        description="Labels of the nodes on which the coordinator may run.",
    )
    tolerations: tuple[Toleration, ...] = Field(
        default=(), max_length=32, description="Taints that the coordinator tolerates."
    )

    @model_validator(mode="after")
    def _drain_timeout_is_bounded(self) -> Coordinator:
        check_bounds("drainTimeout", self.drain_timeout, most="24h")
        return self

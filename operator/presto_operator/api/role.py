"""What the coordinator and the workers have in common: resources, JVM, Presto's configuration, and their pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from presto_operator.api.config_files import ConfigFiles
from presto_operator.api.empty_dir_limits import EmptyDirLimits
from presto_operator.api.env import Variable
from presto_operator.api.field_rules import KeyedBy, UniqueBy
from presto_operator.api.init_container import InitContainer
from presto_operator.api.jvm import DEFAULT_HEAP_PERCENT, JVM
from presto_operator.api.model import Model, nested
from presto_operator.api.model_rules import OperatorOnly, Paired
from presto_operator.api.pod_overrides import PodOverrides
from presto_operator.api.properties import LauncherCanRead, NamesWithoutBlanks, Properties, ValuesOfPresto, without
from presto_operator.api.quantity import quantity_bytes
from presto_operator.api.resources import Resources
from presto_operator.api.role_rules import argument_problems, port_problems, variable_problems
from presto_operator.api.rules import Problem, cel
from presto_operator.api.ulimits import Ulimits
from presto_operator.api.volume import Volume
from presto_operator.presto import OWNED_NODE_PROPERTIES, OWNED_PROPERTIES, UNSUPPORTED_PROPERTIES, memory_errors

MINIMUM_HEAP_BYTES = 256 * 1024**2
"""Less is certainly a mistake: Presto 0.287 was measured to need 512 MiB for small queries (TPC-H, scale 1)."""

Config = Annotated[
    Properties,
    without((*OWNED_PROPERTIES, *OWNED_NODE_PROPERTIES), unsupported=UNSUPPORTED_PROPERTIES),
    ValuesOfPresto(),
]
"""Properties of config.properties."""

NodeProperties = Annotated[Properties, without((*OWNED_PROPERTIES, *OWNED_NODE_PROPERTIES)), LauncherCanRead()]
"""Properties of node.properties. The launcher makes system properties of them, which override config.properties."""

LogLevels = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=256)], Literal["DEBUG", "INFO", "WARN", "ERROR"]],
    Field(max_length=64),
    NamesWithoutBlanks(),
]

_HEAP_TOO_LARGE = "jvm.heapSize must be less than resources.limits.memory"


def _heap_above_limit(role: Role) -> Iterator[Problem]:
    if role.heap_bytes >= role.resources.memory_limit_bytes:
        yield Problem("", _HEAP_TOO_LARGE)


_HEAP_RULE = Paired(
    cel(
        "!has(self.jvm) || !has(self.jvm.heapSize) || !has(self.resources) || "
        "!has(self.resources.limits) || !('memory' in self.resources.limits) || "
        "quantity(self.jvm.heapSize).isLessThan(quantity(string(self.resources.limits['memory'])))",
        _HEAP_TOO_LARGE,
    ),
    _heap_above_limit,
)


def _memory_problems(role: Role) -> Iterator[Problem]:
    if role.heap_bytes < MINIMUM_HEAP_BYTES:
        yield Problem(
            "",
            f"a heap of {role.heap_bytes // 1024**2} MiB is too small for Presto, which needs at least "
            f"{MINIMUM_HEAP_BYTES // 1024**2} MiB to start: raise resources.limits.memory, or change jvm",
        )
        return
    for name, message in memory_errors(role.config, role.heap_bytes):
        yield Problem(f"config.{name}", message)


class Role(Model):
    """One role of a Presto cluster: the coordinator or the workers."""

    rules = (
        _HEAP_RULE,
        OperatorOnly(_memory_problems),
        OperatorOnly(argument_problems),
        OperatorOnly(variable_problems),
        OperatorOnly(port_problems),
    )

    resources: Resources = nested(Resources, "CPU and memory of each server.")
    jvm: JVM = nested(JVM, "Heap and arguments of the JVM.")
    config: Config = Field(
        default_factory=dict,
        description=(
            'Presto\'s config.properties, for example {"query.max-memory": "200GB"}. Values are strings: quote numbers '
            "and booleans. Properties that the operator sets, such as discovery.uri, are refused."
        ),
    )
    node_properties: NodeProperties = Field(
        default_factory=dict,
        description=(
            'Presto\'s node.properties, for example {"node.location": "rack-7"}. The operator sets '
            f"{', '.join(OWNED_NODE_PROPERTIES[:-1])} and {OWNED_NODE_PROPERTIES[-1]}."
        ),
    )
    log_levels: LogLevels = Field(
        default_factory=dict,
        description=(
            "Presto's log.properties: for each logger the minimum level that is logged, DEBUG, INFO, WARN or ERROR, "
            'for example {"com.facebook.presto.hive": "DEBUG"}.'
        ),
    )
    config_files: ConfigFiles = Field(
        default_factory=dict,
        description=(
            "More files of Presto's etc directory by name, for what has no field of its own: "
            "password-authenticator.properties, access-control.properties, event-listener.properties. They are stored "
            "in a ConfigMap; keep secrets in a volume and refer to it from the file."
        ),
    )
    env: Annotated[tuple[Variable, ...], Field(max_length=64), KeyedBy("name")] = Field(
        default=(), description="More environment variables of each server."
    )
    volumes: Annotated[tuple[Volume, ...], Field(max_length=32), KeyedBy("name"), UniqueBy("mount_path")] = Field(
        default=(), description="More volumes of each server, for example local disks for spilling."
    )
    empty_dir_limits: EmptyDirLimits = nested(
        EmptyDirLimits, "Size limits of the directories on the node's disk that each server writes to."
    )
    init_containers: Annotated[tuple[InitContainer, ...], Field(max_length=16), KeyedBy("name")] = Field(
        default=(),
        description=(
            "Containers that run one after the other before each server, after the operator's own init containers. "
            "They can mount the role's volumes by name."
        ),
    )
    ulimits: Ulimits = Field(default_factory=Ulimits, description="Resource limits of the server's process.")
    pod_overrides: PodOverrides | None = Field(
        default=None, description="A patch over the pods, for what has no field of its own. Default: none."
    )

    @property
    def heap_bytes(self) -> int:
        """The maximum heap of each server's JVM."""
        if self.jvm.heap_size is not None:
            return quantity_bytes(self.jvm.heap_size)
        return self.resources.memory_limit_bytes * (self.jvm.heap_percent or DEFAULT_HEAP_PERCENT) // 100

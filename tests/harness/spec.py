"""What a test asks for: a cluster, its nodes, their labels and taints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.harness.errors import HarnessError

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
NODE_NAME_PATTERN = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
DEFAULT_PRESTO_VERSIONS = ("0.287",)


@dataclass(frozen=True)
class Taint:
    """A node taint as kubectl writes it: `key=value:Effect` or `key:Effect`."""

    key: str
    effect: str
    value: str = ""

    @classmethod
    def parse(cls, text: str) -> "Taint":
        """Read kubectl's way of writing a taint. Raises HarnessError when it is not one."""
        assignment, _, effect = text.rpartition(":")
        key, _, value = assignment.partition("=")
        if not key or effect not in EFFECTS:
            raise HarnessError(f"{text!r} is not a taint: write key=value:Effect, Effect one of {', '.join(EFFECTS)}")
        return cls(key=key, effect=effect, value=value)

    def __str__(self) -> str:
        """Write it as kubectl reads it."""
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"

    def manifest(self) -> dict[str, str]:
        """Return the taint as a Node's `spec.taints` has it."""
        return {"key": self.key, "effect": self.effect, **({"value": self.value} if self.value else {})}


@dataclass(frozen=True)
class NodeSpec:
    """A node to be. `allowed_unsafe_sysctls` is kubelet's own setting, patterns such as `net.core.*` allowed."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    allowed_unsafe_sysctls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what couldn't be a host name."""
        if not NODE_NAME_PATTERN.fullmatch(self.name):
            raise HarnessError(f"{self.name!r} can't name a node: at most 40 of a-z, 0-9 and '-'")


@dataclass(frozen=True)
class ClusterSpec:
    """A cluster to be. No `nodes` means the control plane alone, for fake nodes.

    The images of `presto_versions`, and those of the archives `images`, are on every node from its first second.
    The requests of `audited_users` are in the cluster's audit log, which kind has not.
    """

    name: str = "default"
    nodes: tuple[NodeSpec, ...] = ()
    presto_versions: tuple[str, ...] = DEFAULT_PRESTO_VERSIONS
    images: tuple[Path, ...] = ()
    audited_users: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two nodes of one name."""
        names = [node.name for node in self.nodes]
        if len(names) != len(set(names)):
            raise HarnessError(f"two nodes have the same name: {', '.join(sorted(names))}")


def numbered_nodes(count: int) -> tuple[NodeSpec, ...]:
    """Return `count` plain nodes called node-1, node-2 and so on."""
    return tuple(NodeSpec(name=f"node-{number}") for number in range(1, count + 1))

"""`sysctls`: kernel parameters, those of the pod and those of the node."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from presto_operator.api.model import problem_inside, rule

NAME_PATTERN = r"^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([.][a-z0-9]([-_a-z0-9]*[a-z0-9])?)+$"
_VALUE_PATTERN = r"^[^\s](.*[^\s])?$"

_NAMESPACED_PREFIXES = ("kernel.shm", "kernel.msg", "fs.mqueue.", "net.")
_NAMESPACED_NAMES = ("kernel.sem",)

NODE_NETWORK_NAMES = ("net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_expect_max")
"""Named as exceptions by Kubernetes' documentation of sysctls: in net.*, and yet the node's. The kernel lets nobody but
the node's own network namespace write them, not even a privileged container of the pod."""

_NAMESPACED_CEL = (
    "("
    + " || ".join(
        [
            *(f"key.startsWith('{prefix}')" for prefix in _NAMESPACED_PREFIXES),
            *(f"key == '{name}'" for name in _NAMESPACED_NAMES),
        ]
    )
    + ")"
)

NODE_LEVEL_MESSAGE = (
    "belongs to the whole node, not to a pod: set allowNodeSysctls: true, and a privileged init container sets it on "
    "every node that runs a server of the cluster, for all that run there; or have it set when nodes are made"
)

OPT_IN_RULE = rule(
    "(has(self.allowNodeSysctls) && self.allowNodeSysctls) || !has(self.sysctls) || "
    f"self.sysctls.all(key, {_NAMESPACED_CEL})",
    f"sysctls: what is not in kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.* or net.* {NODE_LEVEL_MESSAGE}",
    message_expression=f"'sysctls.' + self.sysctls.filter(key, !{_NAMESPACED_CEL})[0] + ' {NODE_LEVEL_MESSAGE}'",
)
"""A rule of the whole spec: what concerns the node has to be asked for."""


def is_namespaced(name: str) -> bool:
    """Whether a pod has a value of its own of this kernel parameter, by Kubernetes' documentation of sysctls."""
    return name.startswith(_NAMESPACED_PREFIXES) or name in _NAMESPACED_NAMES


def _checked(sysctls: dict[str, str]) -> dict[str, str]:
    for name in NODE_NETWORK_NAMES:
        if name in sysctls:
            raise problem_inside(name, _node_network_message(name))
    return sysctls


def _node_network_message(name: str) -> str:
    return f"{name} belongs to the node's own network, which no other can write: set it when nodes are made"


Sysctls = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=253, pattern=NAME_PATTERN)],
        Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=_VALUE_PATTERN)],
    ],
    Field(
        max_length=64,
        json_schema_extra={
            "x-kubernetes-validations": [
                rule(f"self.all(key, key.matches('{NAME_PATTERN}'))", "write a name with dots: vm.max_map_count"),
                *(rule(f"!('{name}' in self)", _node_network_message(name)) for name in NODE_NETWORK_NAMES),
            ]
        },
    ),
    AfterValidator(_checked),
]
"""Kernel parameters by name."""

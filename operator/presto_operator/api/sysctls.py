"""`sysctls`: kernel parameters of the pod and of the node."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import BLANKS, KeysMatch, Matches, WithoutKeys

_NAMESPACED_PREFIXES = ("kernel.shm", "kernel.msg", "fs.mqueue.", "net.")
_NAMESPACED_NAMES = ("kernel.sem",)

_NODE_NETWORK_NAMES = ("net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_expect_max")
"""Exceptions in net.* that belong to the node, by Kubernetes' documentation of sysctls. Only the node's own network
namespace can write them; not even a privileged container of the pod can."""

IS_NAMESPACED_CEL = (
    "("
    + " || ".join(
        [
            *(f"name.startsWith('{prefix}')" for prefix in _NAMESPACED_PREFIXES),
            *(f"name == '{name}'" for name in _NAMESPACED_NAMES),
        ]
    )
    + ")"
)
"""CEL for `is_namespaced(name)`."""

Sysctls = Annotated[
    dict[
        str,
        Annotated[
            str,
            Field(max_length=256),
            Matches(
                rf"^[^{BLANKS}](.*[^{BLANKS}])?$", "not be empty, start or end with a blank, or have several lines"
            ),
        ],
    ],
    Field(max_length=64),
    KeysMatch(
        r"^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([.][a-z0-9]([-_a-z0-9]*[a-z0-9])?)+$",
        253,
        "be a sysctl with dots, for example vm.max_map_count",
    ),
    WithoutKeys(
        dict.fromkeys(
            _NODE_NETWORK_NAMES,
            "belongs to the node's network namespace, which no pod can write: set it when the node is created",
        )
    ),
]
"""Kernel parameters by name."""


def is_namespaced(name: str) -> bool:
    """Whether each pod has its own value of this kernel parameter, by Kubernetes' documentation of sysctls."""
    return name.startswith(_NAMESPACED_PREFIXES) or name in _NAMESPACED_NAMES

"""`networkPolicy`: who reaches the servers over the network."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from presto_operator.api.model import FreeForm, Model

_Peers = Annotated[tuple[FreeForm, ...], Field(max_length=16)]


class NetworkPolicy(Model):
    """The NetworkPolicies of the cluster, which a network plugin has to enforce."""

    enabled: bool = Field(
        default=True,
        strict=True,
        description=(
            "Whether the operator creates NetworkPolicies. With them, only pods of the cluster, the operator and "
            "trusted peers reach the workers, and the coordinator's HTTP port if the coordinator serves HTTPS."
        ),
    )
    clients: _Peers = Field(
        default=(),
        description=(
            "Peers, as in a NetworkPolicy, that reach the coordinator: by HTTPS if it has HTTPS, else by HTTP. "
            "Default: everyone."
        ),
    )
    trusted: _Peers = Field(
        default=(),
        description=(
            "Peers, as in a NetworkPolicy, that reach every port of every server, for example Prometheus. Presto asks "
            "them for no password. Default: none."
        ),
    )

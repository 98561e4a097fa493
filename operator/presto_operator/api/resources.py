"""`resources`: CPU and memory of a server's container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from presto_operator.api.model import Model
from presto_operator.api.model_rules import Paired
from presto_operator.api.names import is_qualified_name
from presto_operator.api.quantity import Quantity, is_more, quantity_bytes
from presto_operator.api.rules import Problem, UncheckedAtApply, at_key, cel, shown

DEFAULT_MEMORY = "4Gi"

_MOST = {"cpu": "4096", "memory": "64Ti", "ephemeral-storage": "1Pi"}
"""Twice the largest machines of the clouds (1,920 processors, 32 TiB of memory): more is a mistake."""

_NAMES = ("cpu", "memory", "ephemeral-storage")


@dataclass(frozen=True)
class AreResources(UncheckedAtApply):
    """Amounts of resources that a node can have, by names that Kubernetes knows."""

    def problems(self, value: Mapping[str, str]) -> Iterator[Problem]:
        """Every unknown resource, and every amount beyond all nodes."""
        for name, amount in value.items():
            if not _is_resource(name):
                yield Problem(
                    at_key(name),
                    f"is no resource: use {', '.join(_NAMES)}, hugepages-<size>, or a name with a prefix such as "
                    "example.com/gpu",
                )
            elif name in _MOST and is_more(amount, than=_MOST[name]):
                yield Problem(at_key(name), f"no node has so much: must be at most {_MOST[name]} (got {shown(amount)})")


def _is_resource(name: str) -> bool:
    return name in _NAMES or name.startswith("hugepages-") or ("/" in name and is_qualified_name(name))


_Resources = Annotated[dict[Annotated[str, Field(max_length=128)], Quantity], Field(max_length=16), AreResources()]


def _default_requests() -> _Resources:
    # Kubernetes itself sets a request for memory that is missing to the limit.
    return {"cpu": "1"}


def _default_limits() -> _Resources:
    return {"memory": DEFAULT_MEMORY}


_MEMORY_MISSING = "limits.memory is missing: the JVM's heap is computed from it"


def _without_memory(resources: Resources) -> Iterator[Problem]:
    if "memory" not in resources.limits:
        yield Problem("", _MEMORY_MISSING)


_TOO_LARGE = "requests must not be greater than limits"


def _above_limits(resources: Resources) -> Iterator[Problem]:
    for name, request in resources.requests.items():
        limit = resources.limits.get(name)
        if limit is not None and is_more(request, than=limit):
            yield Problem(f"requests.{at_key(name)}", f"{_TOO_LARGE} ({request} > {limit})")


class Resources(Model):
    """Compute resources of one server, as in a container."""

    rules = (
        Paired(cel("has(self.limits) && 'memory' in self.limits", _MEMORY_MISSING), _without_memory),
        Paired(
            cel(
                "!has(self.limits) || !has(self.requests) || self.requests.all(name, !(name in self.limits) || "
                "quantity(string(self.requests[name])).compareTo(quantity(string(self.limits[name]))) <= 0)",
                _TOO_LARGE,
            ),
            _above_limits,
        ),
    )

    requests: _Resources = Field(
        default_factory=_default_requests,
        description=(
            "What the scheduler reserves for each server. A memory request that is missing equals limits.memory, as "
            "everywhere in Kubernetes."
        ),
        json_schema_extra={"default": {**_default_requests()}},
    )
    limits: _Resources = Field(
        default_factory=_default_limits,
        description=(
            "What each server may use at most. If set, it must contain memory, from which the JVM's heap is computed."
        ),
        json_schema_extra={"default": {**_default_limits()}},
    )

    @property
    def memory_limit_bytes(self) -> int:
        """The memory limit of a server's container."""
        return quantity_bytes(self.limits["memory"])

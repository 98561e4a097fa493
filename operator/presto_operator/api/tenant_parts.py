"""The parts of the servers' pods that a manifest writes itself, in Kubernetes' own fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from presto_operator.api.role import Role
    from presto_operator.api.spec import PrestoClusterSpec

_CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")

PartKind = Literal["pod", "container", "volume"]


@dataclass(frozen=True)
class TenantPart:
    """Fields of a pod's spec, of one of its containers, or of one of its volumes."""

    kind: PartKind
    path: str
    """Its place in the spec, such as `workers.podOverrides.spec.containers[presto]`."""
    fields: Mapping[str, Any]


def tenant_parts(spec: PrestoClusterSpec) -> Iterator[TenantPart]:
    """Every such part: of podOverrides, initContainers and volumes of both roles."""
    yield from _of_role("coordinator", spec.coordinator)
    yield from _of_role("workers", spec.workers)


def _of_role(name: str, role: Role) -> Iterator[TenantPart]:
    for index, volume in enumerate(role.volumes):
        yield TenantPart("volume", f"{name}.volumes[{index}].source", volume.source)
    for index, container in enumerate(role.init_containers):
        yield TenantPart("container", f"{name}.initContainers[{index}]", container.model_dump(by_alias=True))
    if role.pod_overrides is None:
        return
    path, patch = f"{name}.podOverrides.spec", role.pod_overrides.spec
    yield TenantPart("pod", path, patch)
    for index, item in _items(patch, "volumes"):
        yield TenantPart("volume", f"{path}.volumes[{index}]", item)
    for containers in _CONTAINER_LISTS:
        for index, item in _items(patch, containers):
            yield TenantPart("container", f"{path}.{containers}[{index}]", item)


def _items(patch: Mapping[str, Any], field: str) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The objects of a list, each by its name; another rule says what is wrong with anything else."""
    items = patch.get(field)
    for index, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, Mapping):
            yield item.get("name", index), item

"""What the objects of a cluster would hold that Kubernetes refuses for its size, known before anything is rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from presto_operator.api.resolution import CatalogProperties
from presto_operator.api.role import Role
from presto_operator.api.rules import Problem
from presto_operator.api.spec import PrestoClusterSpec
from presto_operator.bounds import MAX_ANNOTATION_BYTES, MAX_OBJECT_BYTES

_ESCAPED_BYTES = 12
"""Of a character as a surrogate pair, which is the most; of another one that isn't ASCII it is half."""
_GENERATED_BYTES = 64 * 1024
"""What the operator adds to a role's files: its script, jvm.config, and its own properties."""

_TOO_LARGE = f"becomes larger than the {MAX_OBJECT_BYTES // 1024} KiB that Kubernetes allows in a ConfigMap or Secret"


def object_problems(spec: PrestoClusterSpec, catalogs: Mapping[str, CatalogProperties]) -> list[Problem]:
    """The fields whose rendering Kubernetes would refuse."""
    policies = _rendered_bytes(spec.resource_groups) + sum(
        _rendered_bytes(rule.model_dump()) for rule in spec.session_property_rules
    )
    return [
        *_files_problems("spec.coordinator", spec.coordinator, policies),
        *_files_problems("spec.workers", spec.workers, 0),
        *_catalog_problems(catalogs),
        *_annotation_problems(spec),
    ]


def _files_problems(field: str, role: Role, policies: int) -> Iterator[Problem]:
    sizes = {
        f"{field}.configFiles": sum(len(name) + len(text.encode()) for name, text in role.config_files.items()),
        f"{field}.config": _rendered_bytes(role.config),
        f"{field}.nodeProperties": _rendered_bytes(role.node_properties),
        f"{field}.logLevels": _rendered_bytes(role.log_levels),
        f"{field}.jvm.extraArgs": sum(len(argument.encode()) + 1 for argument in role.jvm.extra_args),
        "spec.resourceGroups": policies,
    }
    if sum(sizes.values()) > MAX_OBJECT_BYTES - _GENERATED_BYTES:
        yield Problem(max(sizes, key=lambda place: sizes[place]), _TOO_LARGE)


def _catalog_problems(catalogs: Mapping[str, CatalogProperties]) -> Iterator[Problem]:
    for is_secret in (False, True):
        sizes = {
            name: _rendered_bytes(catalog.properties)
            for name, catalog in catalogs.items()
            if catalog.is_secret is is_secret
        }
        if sum(sizes.values()) > MAX_OBJECT_BYTES - _GENERATED_BYTES:
            largest = max(sizes, key=lambda name: sizes[name])
            yield Problem(f"spec.catalogs.{largest}", f"with all other catalogs of its kind {_TOO_LARGE}")


def _annotation_problems(spec: PrestoClusterSpec) -> Iterator[Problem]:
    annotations = {"spec.serviceAccount.annotations": spec.service_account.annotations}
    for field, role in (("coordinator", spec.coordinator), ("workers", spec.workers)):
        metadata = role.pod_overrides.metadata if role.pod_overrides is not None else None
        annotations[f"spec.{field}.podOverrides.metadata.annotations"] = metadata.annotations if metadata else {}
    for place, texts in annotations.items():
        if sum(len(name) + len(text.encode()) for name, text in texts.items()) > MAX_ANNOTATION_BYTES:
            yield Problem(place, f"must have at most {MAX_ANNOTATION_BYTES // 1024} KiB in all")


def _rendered_bytes(value: Any) -> int:
    """The most bytes of a value as text of a properties file, or as indented JSON."""
    size = 0
    pending: list[tuple[Any, int]] = [(value, 1)]
    while pending:
        node, depth = pending.pop()
        if isinstance(node, str):
            size += _text_bytes(node)
        elif isinstance(node, Mapping):
            pending += [(part, depth + 1) for item in node.items() for part in item]
            size += len(node) * (2 * depth + 6)
        elif isinstance(node, list | tuple):
            pending += [(item, depth + 1) for item in node]
            size += len(node) * (2 * depth + 4)
        else:
            size += 24
    return size


def _text_bytes(text: str) -> int:
    if text.isascii():
        return len(text) + sum(text.count(character) for character in '\\\n\r\t\f"')
    return len(text) * (_ESCAPED_BYTES if max(text) > "\uffff" else _ESCAPED_BYTES // 2)

"""Reading a PrestoCluster as the API server delivers it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from presto_operator.api.crd import MAX_CLUSTER_NAME_LENGTH, NAME_PATTERN
from presto_operator.api.spec import PrestoClusterSpec


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field."""

    path: str
    """Where, as Kubernetes writes it: `spec.workers.pools[1].minReplicas`."""
    message: str
    """What is wrong and what would be right."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True)
class PrestoCluster:
    """A valid PrestoCluster: whose it is and what it shall be."""

    namespace: str
    name: str
    uid: str
    spec: PrestoClusterSpec
    generation: int = 1


class InvalidClusterError(ValueError):
    """A PrestoCluster whose spec can't be carried out."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(str(error) for error in errors))
        self.errors = errors


def parse_cluster(body: Mapping[str, Any]) -> PrestoCluster:
    """The cluster that `body`, a PrestoCluster as the API server or a manifest has it, describes.

    Raises:
        InvalidClusterError: with every field that is wrong, not just the first.
    """
    metadata = body.get("metadata") or {}
    errors = _name_errors(metadata.get("name"))
    try:
        spec = PrestoClusterSpec.model_validate(body.get("spec", {}))
    except ValidationError as invalid:
        errors += [_field_error(error) for error in invalid.errors(include_url=False)]
        raise InvalidClusterError(errors) from None
    if errors:
        raise InvalidClusterError(errors)
    return PrestoCluster(
        namespace=metadata.get("namespace") or "default",
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        spec=spec,
        generation=metadata.get("generation", 1),
    )


def _name_errors(name: object) -> list[FieldError]:
    if isinstance(name, str) and re.match(NAME_PATTERN, name) and len(name) <= MAX_CLUSTER_NAME_LENGTH:
        return []
    return [
        FieldError(
            "metadata.name",
            f"{name!r} must start with a letter, hold only small letters, digits and dashes, "
            f"and have at most {MAX_CLUSTER_NAME_LENGTH} characters",
        )
    ]


def _field_error(error: Any) -> FieldError:
    path = "spec"
    for part in error["loc"]:
        if part == "[key]":
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    if error["type"] == "extra_forbidden":
        return FieldError(path, "unknown field")
    if error["type"] == "missing":
        return FieldError(path, "required")
    message = error["msg"].removeprefix("Value error, ")
    given = error["input"]
    if error["type"] != "value_error" and isinstance(given, str | int | float | bool):
        message = f"{message} (got {given!r})"
    return FieldError(path, message[:1].lower() + message[1:] if message.startswith("Input") else message)

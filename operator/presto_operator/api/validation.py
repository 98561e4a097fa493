"""Reading a PrestoCluster as the API server delivers it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from presto_operator.api.cluster import PrestoCluster
from presto_operator.api.conflicts import conflicts
from presto_operator.api.crd import MAX_CLUSTER_NAME_LENGTH, NAME_PATTERN
from presto_operator.api.model import PROBLEM_INSIDE
from presto_operator.api.reference import SourceData
from presto_operator.api.resolution import resolved_catalogs, resolved_environment
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


class InvalidClusterError(ValueError):
    """A PrestoCluster whose spec can't be carried out."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(str(error) for error in errors))
        self.errors = errors


def parse_spec(body: Mapping[str, Any]) -> PrestoClusterSpec:
    """The spec of `body`, a PrestoCluster as the API server or a manifest has it.

    Raises:
        InvalidClusterError: with every field that is wrong, not just the first.
    """
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping):
        raise InvalidClusterError([FieldError("metadata", "required: an object with the cluster's name")])
    errors = _name_errors(metadata.get("name"))
    if body.get("spec") is None:
        raise InvalidClusterError([*errors, FieldError("spec", "required")])
    try:
        spec = PrestoClusterSpec.model_validate(body["spec"], by_alias=True, by_name=False)
    except ValidationError as invalid:
        errors += _field_errors(invalid.errors(include_url=False))
        raise InvalidClusterError(errors) from None
    errors += [FieldError(path, message) for path, message in conflicts(spec)]
    if errors:
        raise InvalidClusterError(errors)
    return spec


def parse_cluster(body: Mapping[str, Any], sources: SourceData | None = None) -> PrestoCluster:
    """The cluster that `body` describes.

    Args:
        body: a PrestoCluster as the API server or a manifest has it.
        sources: the data of what its spec refers to (`references` tells which); needed where it refers to anything.

    Raises:
        InvalidClusterError: with every field that is wrong, and every reference to what isn't there.
    """
    spec = parse_spec(body)
    catalogs, errors = resolved_catalogs(spec, sources or {})
    environment, more_errors = resolved_environment(spec, sources or {})
    if errors or more_errors:
        raise InvalidClusterError([FieldError(path, message) for path, message in [*errors, *more_errors]])
    metadata = body["metadata"]
    return PrestoCluster(
        namespace=metadata.get("namespace") or "default",
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        spec=spec,
        catalogs=catalogs,
        environment=environment,
    )


def _name_errors(name: object) -> list[FieldError]:
    if isinstance(name, str) and re.fullmatch(NAME_PATTERN, name) and len(name) <= MAX_CLUSTER_NAME_LENGTH:
        return []
    return [
        FieldError(
            "metadata.name",
            f"{name!r} must start with a letter, hold only small letters, digits and dashes, "
            f"and have at most {MAX_CLUSTER_NAME_LENGTH} characters",
        )
    ]


_WANTED = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "int_type": "a whole number, without quotes",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "mapping_type": "an object",
    "string_type": "a string: put it in quotes",
    "tuple_type": "a list",
}
"""What a field must be, in words of YAML rather than of Python, by pydantic's type of error."""


def _field_errors(errors: Sequence[Any]) -> list[FieldError]:
    places = [error["loc"] for error in errors]
    return [
        _field_error(error)
        for error in errors
        # A list is "too short" for pydantic once its only item is invalid; that item's error is there, too.
        if not (
            error["type"] == "too_short"
            and any(
                place[: len(error["loc"]) + 1][:-1] == error["loc"]
                for place in places
                if len(place) > len(error["loc"])
            )
        )
    ]


def _field_error(error: Any) -> FieldError:
    path = "spec"
    for part in error["loc"]:
        if part == "[key]":
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    if error["type"] == PROBLEM_INSIDE:
        return FieldError(f"{path}.{error['ctx']['path']}", error["msg"])
    if error["type"] == "extra_forbidden":
        return FieldError(path, "unknown field")
    if error["type"] == "missing":
        return FieldError(path, "required")
    if error["type"] == "value_error":
        return FieldError(path, error["msg"].removeprefix("Value error, "))
    given = error["input"]
    shown = f" (got {given!r})" if isinstance(given, str | int | float | bool) else ""
    if error["type"] in _WANTED:
        return FieldError(path, f"must be {_WANTED[error['type']]}{shown}")
    return FieldError(path, error["msg"].replace("Input should", "must").replace("Tuple should", "must") + shown)

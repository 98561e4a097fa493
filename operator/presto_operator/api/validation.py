"""Reading a PrestoCluster as the API server delivers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from presto_operator.api.cluster import PrestoCluster
from presto_operator.api.crd import name_problems
from presto_operator.api.object_size import object_problems
from presto_operator.api.reference import SourceData
from presto_operator.api.resolution import references, resolved_catalogs, resolved_environment, source_problems
from presto_operator.api.rules import PROBLEMS, at_key, joined, shown
from presto_operator.api.shape import shape_problems
from presto_operator.api.spec import PrestoClusterSpec
from presto_operator.api.tenant_policy import TenantPolicy, policy_problems
from presto_operator.bounds import MAX_MESSAGE
from presto_operator.objects import clipped, listed


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field."""

    path: str
    """The field, as Kubernetes writes it: `spec.workers.pools[1].minReplicas`."""
    message: str
    """What is wrong and what would be right."""

    def __str__(self) -> str:
        return clipped(f"{self.path}: {self.message}", MAX_MESSAGE)


class InvalidClusterError(ValueError):
    """A PrestoCluster with an invalid spec."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(listed([str(error) for error in errors]))
        self.errors = errors


def parse_spec(body: Mapping[str, Any], policy: TenantPolicy | None = None) -> PrestoClusterSpec:
    """The spec of `body`, a PrestoCluster from the API server or from a manifest.

    Args:
        body: the PrestoCluster.
        policy: what the administrator allows; everything if None.

    Raises:
        InvalidClusterError: with every field that is wrong, not just the first.
    """
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping):
        raise InvalidClusterError([FieldError("metadata", "required: an object with the cluster's name")])
    errors = [FieldError(path, message) for path, message in name_problems(metadata.get("name"))]
    if body.get("spec") is None:
        raise InvalidClusterError([*errors, FieldError("spec", "required")])
    if misshaped := shape_problems(body["spec"]):
        raise InvalidClusterError([*errors, *(FieldError(*problem) for problem in misshaped)])
    try:
        spec = PrestoClusterSpec.model_validate(body["spec"], by_alias=True, by_name=False)
    except ValidationError as invalid:
        errors += _field_errors(invalid.errors(include_url=False))
        raise InvalidClusterError(errors) from None
    errors += [FieldError(*problem) for problem in source_problems(references(spec))]
    if policy is not None:
        errors += [FieldError(joined("spec", path), message) for path, message in policy_problems(spec, policy)]
    if errors:
        raise InvalidClusterError(errors)
    return spec


def parse_cluster(
    body: Mapping[str, Any], sources: SourceData | None = None, policy: TenantPolicy | None = None
) -> PrestoCluster:
    """The cluster that `body` describes.

    Args:
        body: a PrestoCluster from the API server or from a manifest.
        sources: the data of every object that the spec refers to (`references` lists them).
        policy: what the administrator allows; everything if None.

    Raises:
        InvalidClusterError: with every field that is wrong, and every reference that can't be resolved.
    """
    spec = parse_spec(body, policy)
    catalogs, errors = resolved_catalogs(spec, sources or {})
    environment, more_errors = resolved_environment(spec, sources or {})
    if errors or more_errors:
        raise InvalidClusterError([FieldError(path, message) for path, message in [*errors, *more_errors]])
    if too_large := object_problems(spec, catalogs):
        raise InvalidClusterError([FieldError(*problem) for problem in too_large])
    metadata = body["metadata"]
    return PrestoCluster(
        namespace=metadata.get("namespace") or "default",
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        spec=spec,
        catalogs=catalogs,
        environment=environment,
        **_of_policy(policy),
    )


def _of_policy(policy: TenantPolicy | None) -> dict[str, Any]:
    if policy is None:
        return {}
    return {
        "explained_metastores": policy.allowed_metastore_hosts,
        "operator_namespace": policy.operator_namespace,
    }


def _field_errors(errors: Sequence[Any]) -> list[FieldError]:
    places = [error["loc"] for error in errors]
    return [
        found
        for error in errors
        # A list is "too short" for pydantic if its only item is invalid; the error of that item is listed too.
        if not (error["type"] == "too_short" and any(_is_inside(place, error["loc"]) for place in places))
        for found in _of_error(error)
    ]


def _is_inside(place: tuple[int | str, ...], other: tuple[int | str, ...]) -> bool:
    return len(place) > len(other) and place[: len(other)] == other


def _of_error(error: Any) -> Iterator[FieldError]:
    path = _path(error["loc"])
    if error["type"] == PROBLEMS:
        for inner, message in error["ctx"][PROBLEMS]:
            yield FieldError(joined(path, inner), message)
    elif error["type"] in _WITHOUT_VALUE:
        yield FieldError(path, _WITHOUT_VALUE[error["type"]])
    else:
        given = error["input"]
        quoted = f" (got {shown(given)})" if isinstance(given, str | int | float | bool | None) else ""
        yield FieldError(path, f"must {_requirement(error)}{quoted}")


def _path(place: tuple[int | str, ...]) -> str:
    path = "spec"
    for part in place:
        # After the name of a map's key that is itself wrong, pydantic adds "[key]".
        if part != "[key]":
            path = joined(path, f"[{part}]" if isinstance(part, int) else at_key(part))
    return path


_WITHOUT_VALUE = {"extra_forbidden": "unknown field", "missing": "required"}
"""Pydantic's types of errors that aren't about a value, and what to say instead."""

_TYPES = {
    "bool_type": "be true or false",
    "dict_type": "be an object",
    "int_type": "be a whole number, without quotes",
    "mapping_type": "be an object",
    "model_attributes_type": "be an object",
    "model_type": "be an object",
    "string_type": "be a string: put it in quotes",
    "string_unicode": "be valid Unicode text",
    "tuple_type": "be a list",
}
"""Pydantic's types of errors about YAML's types, and what the value must be."""

_LIMITS = {
    "greater_than_equal": "be greater than or equal to {ge}",
    "less_than_equal": "be less than or equal to {le}",
    "literal_error": "be {expected}",
}
"""Pydantic's types of errors about one bound, and what the value must be."""

_LENGTHS = dict.fromkeys(("string_too_short", "string_too_long"), "character") | dict.fromkeys(
    ("too_short", "too_long"), "item"
)
"""Pydantic's types of errors about lengths, and what is counted."""


def _requirement(error: Any) -> str:
    """What the value must be, in the words of YAML and Kubernetes rather than of Python."""
    kind, limits = error["type"], error.get("ctx", {})
    if kind in _LENGTHS:
        limit, unit = ("at least", "min_length") if "min_length" in limits else ("at most", "max_length")
        return f"have {limit} {limits[unit]} {_LENGTHS[kind]}{'' if limits[unit] == 1 else 's'}"
    if kind in _LIMITS:
        return _LIMITS[kind].format(**limits)
    return _TYPES.get(kind, f"be valid: {error['msg']}")

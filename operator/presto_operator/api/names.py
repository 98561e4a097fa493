"""Names of objects, keys and labels, as Kubernetes wants them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import Matches
from presto_operator.api.rules import Problem, UncheckedAtApply, at_key, shown

DNS_LABEL = Matches(
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    "consist of lowercase letters, digits and dashes, and start and end with a letter or a digit",
)

DnsLabel = Annotated[str, Field(max_length=63), DNS_LABEL]
"""A name inside a pod, such as a container's."""

ObjectName = Annotated[
    str,
    Field(max_length=253),
    Matches(
        r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        "be the name of an object: lowercase letters, digits, dashes and dots, with a letter or a digit at both ends",
    ),
]

DataKey = Annotated[
    str,
    Field(max_length=253),
    Matches(r"^[-._a-zA-Z0-9]+$", "be a key of the object's data: letters, digits, dashes, underscores and dots"),
]

_QUALIFIED = re.compile(
    r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII
)
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", re.ASCII)
"""As in Kubernetes (validation.IsQualifiedName, IsValidLabelValue)."""


@dataclass(frozen=True)
class AreQualifiedNames(UncheckedAtApply):
    """A map whose keys are names of labels, annotations or resources."""

    def problems(self, value: Mapping[str, object]) -> Iterator[Problem]:
        """Every other key."""
        for name in value:
            if not is_qualified_name(name):
                yield Problem(
                    at_key(name),
                    "the name must consist of letters, digits, dashes, underscores and dots, at most 63, with an "
                    "optional "
                    "prefix such as example.com/",
                )


@dataclass(frozen=True)
class AreLabels(AreQualifiedNames):
    """Labels: names and values."""

    def problems(self, value: Mapping[str, object]) -> Iterator[Problem]:
        """Every name or value that no label has."""
        yield from super().problems(value)
        for name, text in value.items():
            if not _LABEL_VALUE.fullmatch(str(text)):
                yield Problem(
                    at_key(name),
                    "must be a label's value: letters, digits, dashes, underscores and dots, with a letter or a "
                    "digit at "
                    f"both ends (got {shown(text)})",
                )


def is_qualified_name(name: str) -> bool:
    """Whether Kubernetes allows `name` for a label, an annotation or an extended resource."""
    return _QUALIFIED.fullmatch(name) is not None


LabelName = Annotated[str, Field(max_length=317)]
"""Name of a label or an annotation, with its prefix."""

LabelValue = Annotated[
    str,
    Field(max_length=63),
    Matches(
        r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        "be a label's value: letters, digits, dashes, underscores and dots, with a letter or a digit at both ends",
    ),
]

"""Maps of Presto properties."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import WithoutKeys
from presto_operator.api.rules import Problem, UncheckedAtApply, at_key
from presto_operator.presto import node_property_problem, property_problem

PropertyName = Annotated[str, Field(min_length=1, max_length=256)]
PropertyValue = Annotated[str, Field(max_length=8192)]

_NO_NAME = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")
_NO_LINE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class NamesWithoutBlanks(UncheckedAtApply):
    """Names as Presto's properties have them. Presto takes a name with a blank for another property."""

    def problems(self, value: Mapping[str, object]) -> Iterator[Problem]:
        """Every name with a blank or a control character."""
        for name in value:
            if _NO_NAME.search(name):
                yield Problem(at_key(name), "the name must not contain blanks or line breaks")


@dataclass(frozen=True)
class ValuesOfPresto(UncheckedAtApply):
    """Properties of config.properties with values that Presto can read."""

    def problems(self, value: Mapping[str, str]) -> Iterator[Problem]:
        """Every value with which Presto would not start."""
        for name, text in value.items():
            if _NO_LINE.search(text):
                yield Problem(at_key(name), "must be one line without control characters")
            elif problem := property_problem(name, text):
                yield Problem(at_key(name), problem)


@dataclass(frozen=True)
class LauncherCanRead(UncheckedAtApply):
    """Properties of node.properties, which Presto's launcher reads line by line, without any escapes."""

    def problems(self, value: Mapping[str, str]) -> Iterator[Problem]:
        """Everything that would reach Presto changed."""
        for name, text in value.items():
            if problem := node_property_problem(name, text):
                yield Problem(at_key(name), problem)


Properties = Annotated[dict[PropertyName, PropertyValue], Field(max_length=256), NamesWithoutBlanks()]
"""Properties of one file."""

SET_BY_THE_OPERATOR = "is set by the operator: remove it"


def without(owned: Iterable[str], *, unsupported: Iterable[str] = ()) -> WithoutKeys:
    """A rule for properties: some belong to the operator, and some it doesn't support."""
    return WithoutKeys(
        {
            **dict.fromkeys(owned, SET_BY_THE_OPERATOR),
            **dict.fromkeys(unsupported, "is not supported by the operator: remove it"),
        }
    )

"""`configFiles`: more files of Presto's etc directory, for what has no field of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from presto_operator.api.field_rules import KeysMatch, WithoutKeys
from presto_operator.api.owned import SERVER_SCRIPT, USERS_FILE
from presto_operator.api.rules import Problem, UncheckedAtApply
from presto_operator.presto import (
    RESOURCE_GROUPS_FILE,
    RESOURCE_GROUPS_PROPERTIES,
    SESSION_RULES_FILE,
    SESSION_RULES_PROPERTIES,
)

_FIELDS = {
    "config.properties": "config",
    "jvm.config": "jvm",
    "node.properties": "nodeProperties",
    "log.properties": "logLevels",
    RESOURCE_GROUPS_PROPERTIES: "resourceGroups",
    RESOURCE_GROUPS_FILE: "resourceGroups",
    SESSION_RULES_PROPERTIES: "sessionPropertyRules",
    SESSION_RULES_FILE: "sessionPropertyRules",
    "catalog": "catalogs",
}
"""The files that are generated from other fields, and these fields."""


@dataclass(frozen=True)
class DifferInMoreThanCase(UncheckedAtApply):
    """Names of files that Presto would not look for: those of generated files in another case."""

    def problems(self, value: Mapping[str, str]) -> Iterator[Problem]:
        """Every such name."""
        for name in value:
            right = name.lower()
            if name != right and right in _FIELDS:
                yield Problem(
                    name, f"Presto doesn't read it; {right} is generated from {_FIELDS[right]}: set that instead"
                )


ConfigFiles = Annotated[
    dict[str, Annotated[str, Field(max_length=32768)]],
    Field(max_length=16),
    KeysMatch(
        r"^[A-Za-z0-9][-._A-Za-z0-9]*$",
        253,
        "be a file name without a directory, for example access-control.properties",
    ),
    WithoutKeys(
        {
            **{name: f"is generated from {field}: set that instead" for name, field in _FIELDS.items()},
            **dict.fromkeys((SERVER_SCRIPT, USERS_FILE), "is reserved for the operator: choose another name"),
        }
    ),
    DifferInMoreThanCase(),
]
"""The text of files by name."""

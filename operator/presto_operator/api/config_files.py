"""`configFiles`: further files of Presto's etc directory, for what has no field of its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from presto_operator.api.model import problem_inside, rule
from presto_operator.api.owned import SERVER_SCRIPT
from presto_operator.presto import (
    RESOURCE_GROUPS_FILE,
    RESOURCE_GROUPS_PROPERTIES,
    SESSION_RULES_FILE,
    SESSION_RULES_PROPERTIES,
)

_NAME_PATTERN = r"^[A-Za-z0-9][-._A-Za-z0-9]*$"
_MAX_NAME_LENGTH = 253

_FILES_OF_FIELDS = {
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
"""Files that other fields make, and the field of each."""

_OWNED_FILES = (SERVER_SCRIPT,)

_MESSAGES = {
    **{name: f"{name} is made from {field}: set that instead" for name, field in _FILES_OF_FIELDS.items()},
    **{name: f"{name} is the operator's: choose another name" for name in _OWNED_FILES},
}


def _checked(files: dict[str, str]) -> dict[str, str]:
    for name in files:
        if name in _MESSAGES:
            raise problem_inside(name, _MESSAGES[name])
    return files


ConfigFiles = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=_MAX_NAME_LENGTH, pattern=_NAME_PATTERN)],
        Annotated[str, StringConstraints(max_length=32768)],
    ],
    Field(
        max_length=16,
        json_schema_extra={
            "x-kubernetes-validations": [
                rule(
                    f"self.all(name, name.matches('{_NAME_PATTERN}') && name.size() <= {_MAX_NAME_LENGTH})",
                    "write the name of a file, as access-control.properties, without a directory",
                ),
                *(rule(f"!('{name}' in self)", message) for name, message in _MESSAGES.items()),
            ]
        },
    ),
    AfterValidator(_checked),
]
"""The text of files by name."""

"""`sessionPropertyRules`: defaults of session properties for some of the queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from presto_operator.api.model import Model
from presto_operator.api.properties import Properties
from presto_operator.api.rules import Problem, UncheckedAtApply, shown
from presto_operator.presto import java_regex_error


@dataclass(frozen=True)
class IsJavaRegex(UncheckedAtApply):
    """A regular expression that Java compiles."""

    def problems(self, value: str) -> Iterator[Problem]:
        """Why it doesn't compile."""
        if error := java_regex_error(value):
            yield Problem("", f"{error} (got {shown(value)})")


_Expression = Annotated[str, Field(min_length=1, max_length=1024), IsJavaRegex()]


class SessionPropertyRule(Model):
    """One rule: the queries that it applies to, and the session properties that they get."""

    user: _Expression | None = Field(
        default=None, description="Regular expression for the name of the query's user. Default: any user."
    )
    source: _Expression | None = Field(
        default=None, description="Regular expression for the query's source. Default: any source."
    )
    query_type: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None,
        description='Type of the query, for example "SELECT", "INSERT" or "DATA_DEFINITION". Default: any type.',
    )
    client_tags: tuple[Annotated[str, Field(min_length=1, max_length=256)], ...] = Field(
        default=(), max_length=32, description="Client tags that a query must have, all of them. Default: none."
    )
    group: _Expression | None = Field(
        default=None,
        description="Regular expression for the path of the query's resource group. Default: any group.",
    )
    session_properties: Properties = Field(
        min_length=1,
        description='Session properties by name, for example {"query_max_execution_time": "8h"}. Values are strings.',
    )

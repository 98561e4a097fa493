"""Rules of the API, each stated once and checked twice: by the API server and by the operator.

A rule gives the CRD its schema keywords and CEL expressions, with which `kubectl apply` refuses a bad value. It also
gives the models their check, for values that reach the operator in another way: `presto-operator render`, or a CRD that
is older than the operator. `tests/unit/api/test_rules.py` proves that both sides agree.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from presto_operator.bounds import MAX_NAME, MAX_QUOTED

CelRule = dict[str, str]
"""An item of `x-kubernetes-validations`."""

SENTENCES = "x-sentences"
"""Key of pydantic's schemas, not of the CRD: sentences to append to the field's description."""

PROBLEMS = "problems"
"""Type of the pydantic errors that carry problems, and the key under which they do."""


class Problem(NamedTuple):
    """What is wrong with a value."""

    path: str
    """Path inside the value, such as `[1].name` or `config.plugin.dir`; empty for the value itself."""
    message: str
    """What is wrong and what would be right."""


def at_key(key: str) -> str:
    """The path of a map's key, in bounds; quoted where it would not be visible otherwise."""
    if len(key) > MAX_NAME:
        key = f"{key[:MAX_NAME]}\u2026"
    return key if key.isprintable() and key.strip() == key != "" else f"[{json.dumps(key)}]"


def joined(path: str, inner: str) -> str:
    """The path of what is at `inner` inside of what is at `path`."""
    return f"{path}.{inner}" if path and inner and not inner.startswith("[") else path + inner


def shown(value: object) -> str:
    """`value` for an error message, in bounds."""
    if isinstance(value, int) and abs(value) > _LARGEST_QUOTED:
        return "a number that is too large to be shown"
    text = json.dumps(value[: MAX_QUOTED + 1] if isinstance(value, str) else value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}..."


_LARGEST_QUOTED = 10**MAX_QUOTED
"""Python doesn't print numbers with thousands of digits."""


def raise_problems(problems: Iterable[Problem]) -> None:
    """Make a pydantic validator refuse its value if there are any problems.

    Raises:
        PydanticCustomError: one for all of them, because a validator can raise only one.
    """
    if found := [Problem(_encodable(path), _encodable(message)) for path, message in problems]:
        text = "; ".join(f"{path}: {message}" if path else message for path, message in found)
        raise PydanticCustomError(PROBLEMS, "{text}", {"text": text, PROBLEMS: found})


def _encodable(text: str) -> str:
    """`text` without lone surrogates, which JSON can contain but UTF-8 can't."""
    return text.encode(errors="backslashreplace").decode()


def cel(expression: str, message: str, *, message_expression: str = "", field: str = "") -> CelRule:
    """A CEL rule, with the message that `kubectl apply` shows if the expression is false.

    Args:
        expression: CEL over `self`, the value that carries the rule.
        message: what is wrong with `self`, or with its `field`, and what would be right.
        message_expression: CEL for a message that quotes the value; `message` is shown if its evaluation fails.
        field: the field of `self` that the message is about.
    """
    computed = {"messageExpression": message_expression} if message_expression else {}
    placed = {"fieldPath": f".{field}"} if field else {}
    return {"rule": expression, "message": message, **computed, **placed}


def cel_list(items: Iterable[str]) -> str:
    """A CEL list of strings."""
    return "[" + ", ".join(f"'{item}'" for item in items) + "]"


def with_cel(schema: dict[str, Any], rules: Sequence[CelRule]) -> dict[str, Any]:
    """`schema` with these CEL rules in addition to its own."""
    if not rules:
        return schema
    return {**schema, "x-kubernetes-validations": [*schema.get("x-kubernetes-validations", []), *rules]}


class FieldRule(ABC):
    """A rule for the value of one field. It annotates the field's type: `Annotated[Duration, Between("1m", "24h")]`."""

    def keywords(self) -> dict[str, Any]:
        """Schema keywords for the CRD."""
        return {}

    def cel(self) -> Sequence[CelRule]:
        """CEL rules for the CRD."""
        return ()

    def sentence(self) -> str:
        """A sentence for the field's description; empty if the description has to mention the rule itself."""
        return ""

    @abstractmethod
    def problems(self, value: Any) -> Iterable[Problem]:
        """What is wrong with `value`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's hook for validation."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Pydantic's hook for the schema."""
        described = {**handler(schema), **self.keywords()}
        if sentence := self.sentence():
            described[SENTENCES] = [*described.get(SENTENCES, []), sentence]
        return with_cel(described, self.cel())

    def _checked(self, value: Any) -> Any:
        raise_problems(self.problems(value))
        return value


class UncheckedAtApply(FieldRule):
    """A rule that only the operator checks: CEL can't express it, or it would cost more than the API server allows."""


class ModelRule(ABC):
    """A rule for several fields of one object. It is an item of its model's `rules`."""

    @abstractmethod
    def cel(self, model: type[BaseModel]) -> Sequence[CelRule]:
        """CEL rules for the CRD; none if only the operator can check this."""

    @abstractmethod
    def problems(self, part: Any) -> Iterable[Problem]:
        """What is wrong with `part`, an instance of the model."""

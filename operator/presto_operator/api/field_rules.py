"""Rules for the value of one field: its form, its bounds, unique items, and names that belong to the operator."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, core_schema

from presto_operator.api.rules import CelRule, FieldRule, Problem, at_key, cel, cel_list, shown

BLANKS = r" \t\n\v\f\r"
"""For patterns: what stands in [] for a blank."""


@dataclass(frozen=True)
class Matches(FieldRule):
    """Text of a certain form."""

    pattern: str
    """A regular expression for the whole text, from ^ to $, that RE2 and Python read alike."""
    form: str
    """What the text must be, in words after "must", with an example where that helps."""

    def keywords(self) -> dict[str, Any]:
        """The pattern: the API server quotes it."""
        return {"pattern": self.pattern}

    def problems(self, value: str) -> Iterator[Problem]:
        """The form that the text should have."""
        if not matches(self.pattern, value):
            yield Problem("", f"must {self.form} (got {shown(value)})")


@dataclass(frozen=True)
class Parses(FieldRule):
    """Text that a parser accepts. The API server knows only a pattern, which accepts all of that and more."""

    pattern: str
    parse: Callable[[str], object]
    """Raises a ValueError whose message says what the text must be."""

    def keywords(self) -> dict[str, Any]:
        """The pattern."""
        return {"pattern": self.pattern}

    def problems(self, value: str) -> Iterator[Problem]:
        """The parser's error."""
        try:
            self.parse(value)
        except ValueError as error:
            yield Problem("", str(error))


@dataclass(frozen=True)
class KeysMatch(FieldRule):
    """A map whose keys have a certain form. A CRD's schema has no keyword for that."""

    pattern: str
    max_length: int
    form: str

    def cel(self) -> Sequence[CelRule]:
        """One rule for all keys."""
        expression = f"self.all(name, name.matches('{self.pattern}') && name.size() <= {self.max_length})"
        return [cel(expression, f"each name must {self.form}")]

    def problems(self, value: Mapping[str, object]) -> Iterator[Problem]:
        """Every key that has another form."""
        for key in value:
            if not self.fits(key):
                yield Problem(at_key(key), f"the name must {self.form}")

    def fits(self, key: str) -> bool:
        """Whether `key` has that form."""
        return matches(self.pattern, key) and len(key) <= self.max_length


@dataclass(frozen=True)
class Positive(FieldRule):
    """A decimal number above 0, as text."""

    def cel(self) -> Sequence[CelRule]:
        """One rule."""
        return [cel("double(self) > 0.0", "must be above 0")]

    def problems(self, value: str) -> Iterator[Problem]:
        """Zero."""
        if Decimal(value) <= 0:
            yield Problem("", f"must be above 0 (got {shown(value)})")


@dataclass(frozen=True)
class NumberOrText(FieldRule):
    """A whole number in bounds, or text of a certain form. Annotates `int | str`."""

    least: int
    most: int
    pattern: str
    max_length: int
    form: str

    def keywords(self) -> dict[str, Any]:
        """Kubernetes' own type for that."""
        return {
            "x-kubernetes-int-or-string": True,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "maxLength": self.max_length,
        }

    def cel(self) -> Sequence[CelRule]:
        """One rule."""
        number = f"self >= {self.least} && self <= {self.most}"
        return [cel(f"type(self) == int ? {number} : self.matches('{self.pattern}')", f"must {self.form}")]

    def problems(self, value: object) -> Iterator[Problem]:
        """Anything else."""
        is_number = isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most
        is_text = isinstance(value, str) and matches(self.pattern, value)
        if not is_number and not is_text:
            yield Problem("", f"must {self.form} (got {shown(value)})")

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's hook for validation: not the union's own, which would take True for 1, and report two errors."""
        return core_schema.no_info_after_validator_function(self._checked, core_schema.any_schema())


@dataclass(frozen=True)
class KeyedBy(FieldRule):
    """A list of objects that differ in `key`. Server-side apply merges such lists item by item."""

    key: str = "name"

    def keywords(self) -> dict[str, Any]:
        """The API server refuses two items with the same key."""
        return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.key]}

    def problems(self, value: Sequence[Any]) -> Iterator[Problem]:
        """Every item with a key that an earlier item has."""
        yield from _repeated([getattr(item, self.key) for item in value], f".{self.key}")


@dataclass(frozen=True)
class UniqueBy(FieldRule):
    """A list of objects that differ in a field that is not their key."""

    field: str
    """The field, in Python's spelling."""

    def cel(self) -> Sequence[CelRule]:
        """One rule."""
        name = to_camel(self.field)
        expression = f"self.all(one, self.exists_one(other, other.{name} == one.{name}))"
        return [cel(expression, f"each item needs a {name} of its own")]

    def problems(self, value: Sequence[Any]) -> Iterator[Problem]:
        """Every item with a value that an earlier item has."""
        yield from _repeated([getattr(item, self.field) for item in value], f".{to_camel(self.field)}")


@dataclass(frozen=True)
class Unique(FieldRule):
    """A list of different strings whose order doesn't matter."""

    def keywords(self) -> dict[str, Any]:
        """The API server refuses equal items."""
        return {"x-kubernetes-list-type": "set"}

    def problems(self, value: Sequence[str]) -> Iterator[Problem]:
        """Every item that equals an earlier one."""
        yield from _repeated(value, "")


@dataclass(frozen=True)
class NotReserved(FieldRule):
    """Text that is none of the operator's names."""

    names: tuple[str, ...]
    message: str
    """What is wrong with such a name, and what to do."""
    prefixes: tuple[str, ...] = ()

    def cel(self) -> Sequence[CelRule]:
        """One rule."""
        names = [f"!(self in {cel_list(self.names)})"] if self.names else []
        return [cel(" && ".join([*names, *(f"!self.startsWith('{one}')" for one in self.prefixes)]), self.message)]

    def problems(self, value: str) -> Iterator[Problem]:
        """One of the operator's names."""
        if self.reserves(value):
            # Where the message is about a single name, it contains the value.
            yield Problem("", self.message if self.names == (value,) else f"{self.message} (got {shown(value)})")

    def reserves(self, name: str) -> bool:
        """Whether `name` belongs to the operator."""
        return name in self.names or name.startswith(self.prefixes)


@dataclass(frozen=True)
class WithoutKeys(FieldRule):
    """A map without the keys that the operator sets."""

    keys: Mapping[str, str]
    """For each key, what is wrong with it and what to do: `is set by the operator: remove it`."""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """The same for every key that starts with one of these."""

    def cel(self) -> Sequence[CelRule]:
        """One rule a key, so that each has its own message."""
        return [
            *(cel(f"!('{key}' in self)", f"{key} {message}") for key, message in self.keys.items()),
            *(
                cel(f"self.all(name, !name.startsWith('{prefix}'))", f"a name that starts with {prefix} {message}")
                for prefix, message in self.prefixes.items()
            ),
        ]

    def problems(self, value: Mapping[str, object]) -> Iterator[Problem]:
        """Every key that the operator sets."""
        for key in value:
            message = self.keys.get(key) or next(
                (message for prefix, message in self.prefixes.items() if key.startswith(prefix)), None
            )
            if message:
                yield Problem(at_key(key), message)


@dataclass(frozen=True)
class OutsideOf(FieldRule):
    """An absolute path that is not one of these directories, not inside one of them, and not above one of them."""

    directories: tuple[str, ...]

    def cel(self) -> Sequence[CelRule]:
        """One rule. It costs less than to split the path, which would exceed the API server's budget."""
        apart = (f"!self.matches('{_overlapping(directory)}')" for directory in self.directories)
        return [cel(" && ".join(apart), self.message)]

    def problems(self, value: str) -> Iterator[Problem]:
        """A path that overlaps."""
        if self.overlaps(value):
            yield Problem("", f"{self.message} (got {shown(value)})")

    def overlaps(self, path: str) -> bool:
        """Whether a mount at `path` would be inside one of the directories, or hide one."""
        return any(matches(_overlapping(directory), path) for directory in self.directories)

    @property
    def message(self) -> str:
        """What is wrong with a path that overlaps, and what would be right."""
        return (
            f"must not be, contain or be inside {', '.join(self.directories)}, which belong to the operator: "
            "choose another directory, for example /spill"
        )


def _overlapping(directory: str) -> str:
    """A pattern for a directory, everything in it, and everything above it; doubled slashes count as one."""
    *above, name = directory.strip("/").split("/")
    pattern = rf"{name}(/(.|\n)*)?"
    for parent in reversed(above):
        pattern = f"{parent}(/+({pattern})?)?"
    return f"^/*({pattern})?$"


def matches(pattern: str, text: str) -> bool:
    """Whether all of `text` matches. Patterns don't use \\s, which RE2 and Python read differently (vertical tabs)."""
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _repeated(values: Iterable[str], inner: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, value in enumerate(values):
        if value in first:
            yield Problem(
                f"[{index}]{inner}", f"must be unique, but item {first[value]} of the list has {json.dumps(value)} too"
            )
        first.setdefault(value, index)

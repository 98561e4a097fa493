"""Rules for several fields of one object: which go together, which exclude each other, and how they compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from presto_operator.api.rules import CelRule, ModelRule, Problem, cel


@dataclass(frozen=True)
class ExactlyOne(ModelRule):
    """Exactly one of the fields must be set."""

    fields: tuple[str, ...]
    hint: str = ""
    """What else helps, after the message."""

    def cel(self, model: type[BaseModel]) -> Sequence[CelRule]:
        """One rule."""
        given = ", ".join(_given(model, field) for field in self.fields)
        return [cel(f"[{given}].filter(given, given).size() == 1", self._message(model))]

    def problems(self, part: BaseModel) -> Iterator[Problem]:
        """None of the fields, or several."""
        if sum(_is_given(part, field) for field in self.fields) != 1:
            yield Problem("", self._message(type(part)))

    def _message(self, model: type[BaseModel]) -> str:
        names = [wire_name(model, field) for field in self.fields]
        return f"set exactly one of {_listed(names, 'and')}{self.hint}"


@dataclass(frozen=True)
class AtLeastOne(ModelRule):
    """At least one of the fields must be set."""

    fields: tuple[str, ...]

    def cel(self, model: type[BaseModel]) -> Sequence[CelRule]:
        """One rule."""
        return [cel(" || ".join(_given(model, field) for field in self.fields), self._message(model))]

    def problems(self, part: BaseModel) -> Iterator[Problem]:
        """None of the fields."""
        if not any(_is_given(part, field) for field in self.fields):
            yield Problem("", self._message(type(part)))

    def _message(self, model: type[BaseModel]) -> str:
        return f"set at least one of {_listed([wire_name(model, field) for field in self.fields], 'and')}"


@dataclass(frozen=True)
class NotBoth(ModelRule):
    """Two fields of which only one may be set."""

    fields: tuple[str, str]
    why: str = ""
    """What the fields have to do with each other, before the message."""

    def cel(self, model: type[BaseModel]) -> Sequence[CelRule]:
        """One rule."""
        one, other = (_given(model, field) for field in self.fields)
        return [cel(f"!({one} && {other})", self._message(model))]

    def problems(self, part: BaseModel) -> Iterator[Problem]:
        """Both fields."""
        if all(_is_given(part, field) for field in self.fields):
            yield Problem("", self._message(type(part)))

    def _message(self, model: type[BaseModel]) -> str:
        names = [wire_name(model, field) for field in self.fields]
        return f"{self.why}set {_listed(names, 'or')}, not both"


@dataclass(frozen=True)
class Needs(ModelRule):
    """A field that may be set only together with another one."""

    field: str
    other: str

    def cel(self, model: type[BaseModel]) -> Sequence[CelRule]:
        """One rule."""
        return [cel(f"!{_given(model, self.field)} || {_given(model, self.other)}", self._message(model))]

    def problems(self, part: BaseModel) -> Iterator[Problem]:
        """The field without the other one."""
        if _is_given(part, self.field) and not _is_given(part, self.other):
            yield Problem("", self._message(type(part)))

    def _message(self, model: type[BaseModel]) -> str:
        field, other = wire_name(model, self.field), wire_name(model, self.other)
        return f"{field} needs {other}: set both or neither"


@dataclass(frozen=True)
class InOrder(ModelRule):
    """Two numbers of which the first must not be greater than the second."""

    low: str
    high: str

    def cel(self, model: type[BaseModel]) -> Sequence[CelRule]:
        """One rule. A number that is not set is in order."""
        low, high = f"self.{wire_name(model, self.low)}", f"self.{wire_name(model, self.high)}"
        return [cel(f"!has({low}) || !has({high}) || {low} <= {high}", self._message(model))]

    def problems(self, part: BaseModel) -> Iterator[Problem]:
        """Numbers in the wrong order."""
        low, high = getattr(part, self.low), getattr(part, self.high)
        if low is not None and high is not None and low > high:
            yield Problem("", f"{self._message(type(part))} ({low} > {high})")

    def _message(self, model: type[BaseModel]) -> str:
        return f"{wire_name(model, self.low)} must not be greater than {wire_name(model, self.high)}"


@dataclass(frozen=True)
class Paired(ModelRule):
    """Any other rule: its CEL and its check, side by side."""

    rule: CelRule
    find: Callable[[Any], Iterable[Problem]]

    def cel(self, model: type[BaseModel]) -> Sequence[CelRule]:  # noqa: ARG002 - the rule names its fields itself
        """The rule."""
        return [self.rule]

    def problems(self, part: BaseModel) -> Iterable[Problem]:
        """What the check finds."""
        return self.find(part)


@dataclass(frozen=True)
class OperatorOnly(ModelRule):
    """A rule that CEL can't express, so that it shows only in the condition `Valid`."""

    find: Callable[[Any], Iterable[Problem]]

    def cel(self, model: type[BaseModel]) -> Sequence[CelRule]:  # noqa: ARG002 - it has none
        """Nothing."""
        return ()

    def problems(self, part: BaseModel) -> Iterable[Problem]:
        """What the check finds."""
        return self.find(part)


def wire_name(model: type[BaseModel], field: str) -> str:
    """The name of a model's field in a manifest."""
    return model.model_fields[field].alias or field


def _given(model: type[BaseModel], field: str) -> str:
    """CEL for whether a field is set. An empty list or map counts as not set."""
    here = f"self.{wire_name(model, field)}"
    default = model.model_fields[field].get_default(call_default_factory=True, validated_data={})
    return f"(has({here}) && {here}.size() > 0)" if default in ((), {}) else f"has({here})"


def _is_given(part: BaseModel, field: str) -> bool:
    return getattr(part, field) not in (None, (), {})


def _listed(names: Sequence[str], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}"

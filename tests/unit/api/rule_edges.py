"""For each kind of rule, values at the edges of what it allows: just below, exactly at, and just above."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import Any

from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from presto_operator.api.duration import Between, duration_seconds
from presto_operator.api.field_rules import (
    KeyedBy,
    KeysMatch,
    Matches,
    NotReserved,
    NumberOrText,
    OutsideOf,
    Parses,
    Positive,
    Unique,
    UniqueBy,
    WithoutKeys,
)
from presto_operator.api.metastore import DifferentMetastores
from presto_operator.api.rules import FieldRule

_ODD = ("", " ", "a", "A", "-", "a b", "a\n", "\na", "é", "0", "a/b", "a.b", "\u00a0", "\x0b", "\x1c", "ⅷ", "٣")
"""Texts on which regular expressions tend to differ: Unicode blanks and digits, line feeds, the empty one."""


_STEPS = (-1, 0, 1)
_LISTS = ((), ("a",), ("a", "b"), ("a", "a"), ("a", "b", "a"), ("b", "a", "a"))

_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
"""Without NUL and lone surrogates, which no request to the API server can carry."""
_TEXT = st.text(_CHARACTERS, max_size=8)
"""YAML has no NUL."""


@singledispatch
def edges(rule: FieldRule) -> list[Any]:
    """Values as a manifest has them, some of which the rule allows and some of which it doesn't."""
    raise AssertionError(f"no edges are known of {rule}")


@edges.register
def _(rule: Matches | Parses) -> list[Any]:
    return list(_ODD)


@edges.register
def _(rule: KeysMatch) -> list[Any]:
    return [{key: "x"} for key in (*_ODD, *("a" * (rule.max_length + step) for step in _STEPS))]


@edges.register
def _(rule: Positive) -> list[Any]:
    return ["0", "0.0", "0.000", "0.000001", "0.1", "1", "1.5", "999999.999999"]


@edges.register
def _(rule: NumberOrText) -> list[Any]:
    numbers = [bound + step for bound in (rule.least, rule.most) for step in _STEPS]
    return [*numbers, *(f"{number}%" for number in range(102)), "unlimited", "Unlimited", True, False, *_ODD]


@edges.register
def _(rule: KeyedBy) -> list[Any]:
    return [[{rule.key: value} for value in values] for values in _LISTS]


@edges.register
def _(rule: UniqueBy) -> list[Any]:
    return [[{to_camel(rule.field): value} for value in values] for values in _LISTS]


@edges.register
def _(rule: Unique) -> list[Any]:
    return [list(values) for values in _LISTS]


@edges.register
def _(rule: DifferentMetastores) -> list[Any]:
    return [[f"thrift://{host}:9083" for host in values] for values in _LISTS]


@edges.register
def _(rule: NotReserved) -> list[Any]:
    return [*_ODD, *_near((*rule.names, *rule.prefixes))]


@edges.register
def _(rule: WithoutKeys) -> list[Any]:
    return [{}, *({key: "x"} for key in (*_ODD, *_near((*rule.keys, *rule.prefixes))))]


@edges.register
def _(rule: OutsideOf) -> list[Any]:
    paths = ["/", "//", "/spill", "/etcetera", "/a/b/c"]
    for directory in rule.directories:
        parent = directory.rsplit("/", 1)[0] or "/"
        paths += [directory, f"{directory}/", f"{directory}/x", f"{directory}x", parent, f"{parent}/x"]
        paths += [directory.replace("/", "//"), f"/{directory}", directory[:-1]]
    return paths


@edges.register
def _(rule: Between) -> list[Any]:
    durations = [rule.least, rule.most]
    for bound in (rule.least, rule.most):
        for seconds in (duration_seconds(bound) + step for step in _STEPS):
            if seconds >= 0:
                durations += [f"{seconds}s", f"{seconds // 60}m{seconds % 60}s", f"0h{seconds // 60}m{seconds % 60}s"]
    return durations


def random_values(rule: FieldRule) -> st.SearchStrategy[Any] | None:
    """More values for a rule with a pattern: texts that match, such texts with a slip of the pen, and any others."""
    match rule:
        case Matches(pattern, _) | Parses(pattern, _):
            right = st.from_regex(pattern, fullmatch=True, alphabet=_CHARACTERS)
            return right | st.builds(_with_a_slip, right, st.integers(0, 40), _TEXT) | _TEXT
        case KeysMatch(pattern, _, _):
            texts = random_values(Matches(pattern, ""))
            return None if texts is None else st.dictionaries(texts, st.just("x"), max_size=2)
        case NumberOrText(_, _, pattern, _, _):
            texts = random_values(Matches(pattern, ""))
            return None if texts is None else st.integers(-(2**62), 2**62) | texts
        case _:
            return None


def _near(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        yield from (name, f"{name}x", name[:-1], f"x{name}", name.upper(), f"{name} ")


def _with_a_slip(text: str, at: int, slip: str) -> str:
    return text[:at] + slip + text[at + 1 :]

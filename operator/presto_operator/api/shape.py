"""The shape of a spec, checked before anything else: that it is JSON, how large it is, and how deep it nests.

What is parsed and rendered afterwards is bounded by this, so that nothing there needs bounds of its own. The API server
delivers nothing but JSON; a manifest that `presto-operator render` reads may contain whatever YAML can express.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from presto_operator.api.rules import Problem, at_key, joined, shown
from presto_operator.bounds import MAX_DEPTH, MAX_SPEC_BYTES

_MAX_INT = 2**63 - 1
"""Kubernetes' integers have 64 bits."""

_Node = tuple[str, Any, int]
"""The path of a value, the value, and its depth."""


def shape_problems(spec: Any) -> list[Problem]:
    """What keeps `spec` from being read at all; the paths begin with `spec`.

    At most one problem is found of its size and of its depth.
    """
    problems: list[Problem] = []
    size = 0
    pending: list[_Node] = [("spec", spec, 1)]
    while pending:
        path, value, depth = pending.pop()
        size += _own_size(value)
        if size > MAX_SPEC_BYTES:
            return [*problems, Problem(_largest(spec), _TOO_LARGE)]
        if depth > MAX_DEPTH and isinstance(value, Mapping | list):
            return [*problems, Problem(path, f"is nested too deeply: at most {MAX_DEPTH} objects and lists")]
        if problem := _misshaped(value):
            problems.append(Problem(path, problem))
        else:
            problems.extend(_misnamed(path, value))
            pending.extend(reversed(list(_inner(path, value, depth + 1))))
    return problems


_TOO_LARGE = (
    f"makes the spec larger than {MAX_SPEC_BYTES // 1024} KiB as JSON: put large files into a volume, and "
    "catalogs into "
    "ConfigMaps (catalogsFrom)"
)


def _own_size(value: Any) -> int:
    """The bytes of a value as JSON, without what is inside of it. Text counts as UTF-8."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode(errors="surrogatepass"))
    if isinstance(value, Mapping):
        return sum(4 + _own_size(name) for name in value) + 2
    return 2 + len(value) if isinstance(value, list) else 8


def _misshaped(value: Any) -> str:
    """Why a value is no JSON that the API server would store; empty if it is."""
    if value is None or isinstance(value, bool | Mapping | list):
        return ""
    if isinstance(value, str):
        return "" if _is_unicode(value) else f"must be valid Unicode text (got {shown(value)})"
    if isinstance(value, int):
        return "" if abs(value) <= _MAX_INT else "is a number out of range: at most 19 digits"
    if isinstance(value, float):
        return "" if math.isfinite(value) else "must be a finite number"
    kind = _YAML_TYPES.get(type(value).__name__, "a value")
    return f"must be text, a number, true, false, a list or an object; YAML reads {kind} here: put it in quotes"


_YAML_TYPES = {
    "date": "a date",
    "datetime": "a time",
    "bytes": "binary data",
    "set": "a set",
    "tuple": "a list of pairs",
}
"""What YAML can hold and JSON can't, by Python's name."""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _misnamed(path: str, value: Any) -> Iterator[Problem]:
    for name in value if isinstance(value, Mapping) else ():
        if not isinstance(name, str):
            yield Problem(joined(path, f"[{shown(name)}]"), "the name must be a string: put it in quotes")
        elif not _is_unicode(name):
            yield Problem(joined(path, at_key(name)), "the name must be valid Unicode text")


def _inner(path: str, value: Any, depth: int) -> Iterator[_Node]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(name, str):
                yield joined(path, at_key(name)), item, depth
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield f"{path}[{number}]", item, depth


def _largest(spec: Any) -> str:
    """The path of the field that is largest, two levels below `spec` at most."""
    path = "spec"
    for _ in range(2):
        if not isinstance(spec, Mapping) or not spec:
            break
        name = max((name for name in spec if isinstance(name, str)), key=lambda name: _size(spec[name]), default="")
        path, spec = joined(path, at_key(name)), spec.get(name)
    return path


def _size(value: Any) -> int:
    """About the bytes of a value as JSON, at most a little more than the bound of a spec."""
    size = 0
    pending = [value]
    while pending and size <= MAX_SPEC_BYTES:
        node = pending.pop()
        size += _own_size(node)
        if isinstance(node, Mapping):
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return size

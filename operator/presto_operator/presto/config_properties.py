"""What Presto's servers know of the properties of config.properties: their names and the types of their values.

Read from the classes of 0.287. Presto doesn't start with a property that it doesn't know, nor with a value of another
type. Other releases know others, so a name that isn't in the list is only suspicious.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

from presto_operator.presto.units import data_size_bytes, presto_duration_seconds
from presto_operator.presto.versions import PrestoVersion

_LISTED_RELEASE = PrestoVersion(287)
_ENVIRONMENT = "${ENV:"
_MAX_INT = 2**31 - 1
_DEFUNCT = "defunct"
_HTTP_CLIENT = "http-client."
"""Each of Presto's HTTP clients has these, with a prefix of its own: `exchange.http-client.max-connections`."""

_PORT = re.compile(r"(?:.*\.)?port")


def refers_to_environment(value: str) -> bool:
    """Whether Presto replaces a part of `value` by an environment variable when it starts (`${ENV:NAME}`)."""
    return _ENVIRONMENT in value


def property_problem(name: str, value: str) -> str | None:
    """Why Presto would not start with this property; None if nothing is known against it."""
    kind = _types().get(_key(name))
    if kind == _DEFUNCT:
        return "is not supported by Presto any more: remove it"
    if refers_to_environment(value):
        return None
    if _PORT.fullmatch(name):
        return _port_problem(value)
    check = _CHECKS.get(kind or "")
    return check(value) if check is not None else None


def is_unknown(name: str, version: PrestoVersion) -> bool:
    """Whether this release of Presto is known not to have a property of that name."""
    return (version.minor, version.patch) == _LISTED_RELEASE and _key(name) not in _types()


def _key(name: str) -> str:
    _, marker, rest = name.partition(f".{_HTTP_CLIENT}")
    return f"{_HTTP_CLIENT}{rest}" if marker else name


def _port_problem(value: str) -> str | None:
    if re.fullmatch("[0-9]{1,5}", value) and int(value) < 2**16:
        return None
    return f'must be a port from 0 to 65535 (got "{value[:20]}")'


def _int_problem(value: str) -> str | None:
    if re.fullmatch("[+-]?[0-9]{1,18}", value) and abs(int(value)) <= _MAX_INT:
        return None
    return f'must be a whole number (got "{value[:60]}")'


def _long_problem(value: str) -> str | None:
    return None if re.fullmatch("[+-]?[0-9]{1,18}", value) else f'must be a whole number (got "{value[:60]}")'


def _double_problem(value: str) -> str | None:
    pattern = r"\s*[+-]?(NaN|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?)\s*"
    return None if re.fullmatch(pattern, value) else f'must be a number (got "{value[:60]}")'


def _parsed_by(parse: Callable[[str], object]) -> Callable[[str], str | None]:
    def problem(value: str) -> str | None:
        try:
            parse(value)
        except ValueError as error:
            return str(error)
        return None

    return problem


_CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "int": _int_problem,
    "long": _long_problem,
    "double": _double_problem,
    "duration": _parsed_by(presto_duration_seconds),
    "size": _parsed_by(data_size_bytes),
}
"""By type. Presto takes any text for a boolean: all but `true` is false."""


@cache
def _types() -> Mapping[str, str]:
    """The type of each property by its name."""
    types: dict[str, str] = {}
    kind = ""
    for line in (files("presto_operator.presto") / "config_properties.txt").read_text(encoding="ascii").splitlines():
        if line.startswith("  "):
            types[line.strip()] = kind
        elif not line.startswith("#"):
            kind = line
    return types

"""Rules between the fields of one role that only the operator checks: JVM arguments, variables, ports."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from presto_operator.api.rules import Problem
from presto_operator.presto import (
    HTTP_PORT,
    OPTION_VARIABLES,
    OWNED_NODE_PROPERTIES,
    OWNED_PROPERTIES,
    argument_problem,
    collector_problem,
    https_is_enabled,
    refers_to_environment,
)

if TYPE_CHECKING:
    from presto_operator.api.role import Role

_OWNED = frozenset((*OWNED_PROPERTIES, *OWNED_NODE_PROPERTIES, "config", "log.levels-file", "plugin.dir"))
"""Properties that must not be set as system properties."""

_HTTPS_PORT = "http-server.https.port"
_READ_BY_THE_OPERATOR = (_HTTPS_PORT, "http-server.https.enabled", "internal-communication.jwt.enabled")
"""Properties on which the operator's own objects depend, so that it has to know their values."""


def argument_problems(role: Role) -> Iterator[Problem]:
    """JVM arguments with which the server would not start, or not with the heap that the operator computes."""
    for number, argument in enumerate(role.jvm.extra_args):
        if problem := argument_problem(argument, role.heap_bytes, _OWNED):
            yield Problem(f"jvm.extraArgs[{number}]", problem)
    if second := collector_problem(role.jvm.extra_args):
        yield Problem(f"jvm.extraArgs[{second[0]}]", second[1])


def variable_problems(role: Role) -> Iterator[Problem]:
    """The same of arguments in environment variables, which Java takes after those of jvm.config."""
    for number, variable in enumerate(role.env):
        if variable.name not in OPTION_VARIABLES or variable.value is None:
            continue
        arguments = _arguments(variable.value)
        problems = (argument_problem(argument, role.heap_bytes, _OWNED) for argument in arguments)
        problem = next((problem for problem in problems if problem), None)
        if problem is None and (second := collector_problem(arguments)):
            problem = second[1]
        if problem is not None:
            yield Problem(f"env[{number}].value", f"has a JVM argument that {problem}")


def _arguments(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def port_problems(role: Role) -> Iterator[Problem]:
    """Ports that two parts of the server would listen on."""
    for name in _READ_BY_THE_OPERATOR:
        if refers_to_environment(role.config.get(name, "")):
            yield Problem(
                f"config.{name}", "must be written out: the operator needs to know it, and can't read ${ENV:...}"
            )
    taken: dict[int, str] = {HTTP_PORT: "http-server.http.port, which is set by the operator"}
    for name, port in _ports(role.config):
        if port in taken:
            yield Problem(f"config.{name}", f"must be another port: {port} is that of {taken[port]}")
        taken.setdefault(port, name)


def _ports(config: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for name, value in sorted(config.items()):
        is_on = name != _HTTPS_PORT or https_is_enabled(config)
        # 0 means any port that is free.
        if is_on and name.endswith(".port") and re.fullmatch("[0-9]{1,5}", value) and int(value):
            yield name, int(value)

"""Errors in resource groups that keep a coordinator from starting.

What is refused here, Presto 0.287's own file-based manager refuses (ManagerSpec, ResourceGroupSpec, SelectorSpec,
FileResourceGroupConfigurationManager), whose classes were run on each kind of error. Nothing here recurses: how deep
groups nest is bounded by the spec's own depth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from presto_operator.presto.java_regex import group_names, java_regex_error
from presto_operator.presto.units import data_size_bytes, presto_duration_seconds

_Error = tuple[str, str]
"""A path and a message."""

_FIELDS = ("cpuQuotaPeriod", "rootGroups", "selectors")
_REQUIRED = ("name", "softMemoryLimit", "maxQueued", "hardConcurrencyLimit")
_CPU_LIMITS = ("softCpuLimit", "hardCpuLimit")
_POLICIES = ("fair", "weighted", "weighted_fair", "query_priority")
_REGULAR_EXPRESSIONS = ("user", "source", "clientInfo", "principal")
_QUERY_TYPES = ("DATA_DEFINITION", "DELETE", "DESCRIBE", "EXPLAIN", "ANALYZE", "INSERT", "SELECT", "CONTROL", "UPDATE")
_VARIABLES = ("USER", "SOURCE", "SCHEMA")
"""What a selector's group may contain as `${USER}`, beside the named groups of its expressions."""

_TEMPLATE = re.compile(r"\$\{([^}]*)\}")
_MAX_INT = 2**31 - 1
_MOST_LISTED = 5
"""How many groups an error lists: a file may have thousands."""
_QUOTED = 60


def resource_group_errors(groups: Mapping[str, Any]) -> list[_Error]:
    """What Presto would refuse in a resource-groups file: path and message.

    Groups nest, which a CRD's schema can't express, so the API server doesn't check any of this.
    """
    errors = list(_unknown("", groups, _FIELDS))
    roots, selectors = groups.get("rootGroups"), groups.get("selectors")
    if not isinstance(roots, list) or not roots:
        return [*errors, ("rootGroups", "must be a list of at least one group")]
    if "selectors" not in groups:
        errors.append(("selectors", "required: the rules that select a group for each query; [] if there are none"))
    elif not isinstance(selectors, list):
        return [*errors, ("selectors", "must be a list")]
    errors += _checked("cpuQuotaPeriod", groups, "cpuQuotaPeriod", _duration)
    paths = _Paths()
    errors += _all_group_errors(roots, paths, has_quota_period=groups.get("cpuQuotaPeriod") is not None)
    if not errors:
        errors += [
            error
            for number, selector in enumerate(selectors or [])
            for error in _selector_errors(number, selector, paths)
        ]
    return errors


class _Paths:
    """The paths of the groups that were seen."""

    def __init__(self) -> None:
        self.known: dict[str, None] = {}

    @cached_property
    def listed(self) -> str:
        """A few of them, for a message. To be called once all are known."""
        first = sorted(self.known)[:_MOST_LISTED]
        rest = len(self.known) - len(first)
        return ", ".join(path[:_QUOTED] for path in first) + (f" and {rest} more" if rest else "")


def _all_group_errors(roots: Sequence[Any], paths: _Paths, *, has_quota_period: bool) -> Iterator[_Error]:
    pending: list[tuple[str, str, Sequence[Any]]] = [("rootGroups", "", roots)]
    while pending:
        place, parent, groups = pending.pop(0)
        names: set[str] = set()
        for number, group in enumerate(groups):
            here = f"{place}[{number}]"
            if not isinstance(group, Mapping):
                yield here, "must be an object"
                continue
            yield from _group_errors(here, group, has_quota_period=has_quota_period)
            name = str(group.get("name", ""))
            if name in names:
                yield (
                    f"{here}.name",
                    f'must be unique among its siblings, but another group is named "{_cut(name)}" too',
                )
            names.add(name)
            paths.known[f"{parent}{name}"] = None
            subgroups = group.get("subGroups") or []
            if not isinstance(subgroups, list):
                yield f"{here}.subGroups", "must be a list"
            elif subgroups:
                yield from _weight_errors(here, subgroups)
                pending.append((f"{here}.subGroups", f"{parent}{name}.", subgroups))


def _group_errors(here: str, group: Mapping[str, Any], *, has_quota_period: bool) -> Iterator[_Error]:
    yield from _unknown(here, group, _GROUP_FIELDS)
    for field in _REQUIRED:
        # Presto still accepts the older name of the last one.
        if group.get(field) is None and not (field == "hardConcurrencyLimit" and group.get("maxRunning") is not None):
            yield f"{here}.{field}", "required"
    for field, check in _GROUP_FIELDS.items():
        yield from _checked(f"{here}.{field}", group, field, check)
    yield from _limits_errors(here, group)
    for field in _CPU_LIMITS:
        if group.get(field) is not None and not has_quota_period:
            yield f"{here}.{field}", "needs resourceGroups.cpuQuotaPeriod, the time in which so much CPU may be used"


def _limits_errors(here: str, group: Mapping[str, Any]) -> Iterator[_Error]:
    hard = group.get("hardConcurrencyLimit", group.get("maxRunning"))
    soft = group.get("softConcurrencyLimit")
    if _number(soft) is None and _number(hard) is None and soft is not None and int(soft) > int(hard or 0):
        yield f"{here}.softConcurrencyLimit", "must not be greater than hardConcurrencyLimit"
    texts = [group.get(field) for field in _CPU_LIMITS]
    if all(isinstance(text, str) and _duration(text) is None for text in texts):
        low, high = (presto_duration_seconds(str(text)) for text in texts)
        if low > high:
            yield f"{here}.softCpuLimit", "must not be greater than hardCpuLimit"
    limits = group.get("perQueryLimits")
    if isinstance(limits, Mapping):
        yield from _unknown(f"{here}.perQueryLimits", limits, _QUERY_LIMITS)
        for field, check in _QUERY_LIMITS.items():
            yield from _checked(f"{here}.perQueryLimits.{field}", limits, field, check)


def _weight_errors(here: str, subgroups: Sequence[Any]) -> Iterator[_Error]:
    weighted = [isinstance(group, Mapping) and group.get("schedulingWeight") is not None for group in subgroups]
    if any(weighted) and not all(weighted):
        yield f"{here}.subGroups", "must have a schedulingWeight in all groups or in none"


def _selector_errors(number: int, selector: Any, paths: _Paths) -> Iterator[_Error]:
    place = f"selectors[{number}]"
    group = selector.get("group") if isinstance(selector, Mapping) else None
    if not isinstance(group, str):
        yield f"{place}.group", f"required: the path of a group, for example one of {paths.listed}"
        return
    yield from _unknown(place, selector, _SELECTOR_FIELDS)
    for field, check in _SELECTOR_FIELDS.items():
        yield from _checked(f"{place}.{field}", selector, field, check)
    if group not in paths.known:
        yield f"{place}.group", f'no group has the path "{_cut(group)}"; there are {paths.listed}'
    named = {name for field in ("user", "source") for name in group_names(str(selector.get(field) or ""))}
    for variable in _TEMPLATE.findall(group):
        if variable not in _VARIABLES and variable not in named:
            yield (
                f"{place}.group",
                f"${{{_cut(variable)}}} is neither {', '.join(_VARIABLES)} nor a named group of user or source",
            )


def _unknown(place: str, value: Mapping[str, Any], fields: Sequence[str] | Mapping[str, Any]) -> Iterator[_Error]:
    for name in value:
        if name not in fields:
            yield f"{place}.{_cut(name)}" if place else _cut(name), f"unknown field; known are {', '.join(fields)}"


_Check = Callable[[Any], str | None]
"""What is wrong with a value; None if nothing is."""


def _checked(path: str, value: Mapping[str, Any], field: str, check: _Check) -> Iterator[_Error]:
    if value.get(field) is not None and (problem := check(value[field])) is not None:
        yield path, problem


def _name(value: Any) -> str | None:
    if not isinstance(value, str):
        return "must be text: put it in quotes"
    if not value:
        return "must not be empty"
    if "." in value:
        return f'must not contain a dot, which separates a group from its subgroup (got "{_cut(value)}")'
    if value.count("${") != len(_TEMPLATE.findall(value)):
        return "must end each ${ with }"
    return None


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else "must be text: put it in quotes"


def _number(value: Any) -> str | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_INT
    is_text = isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) is not None
    return None if is_number or is_text else f"must be a whole number from 0 to {_MAX_INT}"


def _truth(value: Any) -> str | None:
    return None if isinstance(value, bool) or value in ("true", "false") else "must be true or false"


def _object(value: Any) -> str | None:
    return None if isinstance(value, Mapping) else "must be an object"


def _texts(value: Any) -> str | None:
    is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return None if is_list else "must be a list of texts"


def _duration(value: Any) -> str | None:
    return _parsed(value, presto_duration_seconds)


def _size(value: Any) -> str | None:
    return _parsed(value, data_size_bytes)


def _memory(value: Any) -> str | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(:?\.[0-9]+)?%", value):
        return None
    problem = _parsed(value, data_size_bytes)
    return f'{problem}, or a percentage such as "50%"' if problem is not None else None


def _parsed(value: Any, parse: Callable[[str], object]) -> str | None:
    if not isinstance(value, str):
        return "must be text: put it in quotes"
    try:
        parse(value)
    except ValueError as error:
        return str(error)
    return None


def _expression(value: Any) -> str | None:
    return java_regex_error(value) if isinstance(value, str) else "must be text: put it in quotes"


def _policy(value: Any) -> str | None:
    is_known = isinstance(value, str) and value.lower() in _POLICIES
    return None if is_known else f"must be one of {', '.join(_POLICIES)}"


def _query_type(value: Any) -> str | None:
    is_known = isinstance(value, str) and value.upper() in _QUERY_TYPES
    return None if is_known else f"must be one of {', '.join(_QUERY_TYPES)}"


def _list(value: Any) -> str | None:
    return None if isinstance(value, list) else "must be a list"


def _cut(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}\u2026"


_GROUP_FIELDS: Mapping[str, _Check] = {
    "name": _name,
    "softMemoryLimit": _memory,
    "maxQueued": _number,
    "softConcurrencyLimit": _number,
    "hardConcurrencyLimit": _number,
    "maxRunning": _number,
    "schedulingPolicy": _policy,
    "schedulingWeight": _number,
    "subGroups": _list,
    "jmxExport": _truth,
    "softCpuLimit": _duration,
    "hardCpuLimit": _duration,
    "perQueryLimits": _object,
    "workersPerQueryLimit": _number,
}
_QUERY_LIMITS: Mapping[str, _Check] = {
    "executionTimeLimit": _duration,
    "totalMemoryLimit": _size,
    "cpuTimeLimit": _duration,
}
_SELECTOR_FIELDS: Mapping[str, _Check] = {
    **dict.fromkeys(_REGULAR_EXPRESSIONS, _expression),
    "queryType": _query_type,
    "clientTags": _texts,
    "selectorResourceEstimate": _object,
    "schema": _text,
    "group": _text,
}

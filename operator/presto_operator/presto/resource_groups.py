"""Resource groups: Presto's own file, and the errors in it that keep a coordinator from starting."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

RESOURCE_GROUPS_FILE = "resource-groups.json"
RESOURCE_GROUPS_PROPERTIES = "resource-groups.properties"

_REQUIRED = ("name", "softMemoryLimit", "maxQueued", "hardConcurrencyLimit")
"""The required fields of a group (ResourceGroupSpec)."""
_FIELDS = ("cpuQuotaPeriod", "rootGroups", "selectors")

_VARIABLE = re.compile(r"\$\{[^}]*\}")
"""In the name of a group: `${USER}`, `${SOURCE}` or a variable of a selector."""


def resource_groups_properties(directory: str) -> dict[str, str]:
    """resource-groups.properties of a coordinator whose configuration is in `directory`."""
    return {
        "resource-groups.configuration-manager": "file",
        "resource-groups.config-file": f"{directory}/{RESOURCE_GROUPS_FILE}",
    }


def resource_groups_json(groups: Mapping[str, Any]) -> str:
    """resource-groups.json, in a fixed order because the text is hashed."""
    return json.dumps(groups, indent=2, sort_keys=True) + "\n"


def resource_group_errors(groups: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What Presto would refuse in a resource-groups file: path and message.

    These are mistakes that keep a coordinator from starting: missing fields, bad names, and selectors for groups that
    don't exist. Groups nest, which a CRD's schema can't express, so the API server doesn't check any of this.
    """
    errors = [(name, f"unknown field; known are {', '.join(_FIELDS)}") for name in groups if name not in _FIELDS]
    roots = groups.get("rootGroups")
    selectors = groups.get("selectors", [])
    if not isinstance(roots, list) or not roots:
        return [*errors, ("rootGroups", "must be a list of at least one group")]
    if not isinstance(selectors, list):
        return [*errors, ("selectors", "must be a list")]
    errors += _group_errors(roots, "rootGroups")
    if not errors:
        paths = set(_paths(roots, ""))
        errors += [
            error for number, selector in enumerate(selectors) for error in _selector_errors(number, selector, paths)
        ]
    return errors


def memory_limit_is_share(groups: Mapping[str, Any], path: Sequence[str]) -> bool | None:
    """Whether the memory limit of a group is a share of the cluster's memory, so that it grows with each worker.

    None if the file doesn't have the group: a database may define it.

    Args:
        groups: a resource-groups file.
        path: the group's names from the root group down, as a query has them.
    """
    found: Mapping[str, Any] = {"subGroups": groups.get("rootGroups") or ()}
    for name in path:
        subgroups: Sequence[Mapping[str, Any]] = found.get("subGroups") or ()
        # A plain name comes first: `ann` rather than `${USER}`.
        matching = [group for group in subgroups if _matches(str(group.get("name", "")), name)]
        if not matching:
            return None
        found = min(matching, key=lambda group: group.get("name") != name)
    return str(found.get("softMemoryLimit", "")).strip().endswith("%")


def _matches(template: str, name: str) -> bool:
    """Whether a group of this name may come from this template. A name without variables matches only itself."""
    pattern = "(.+)".join(re.escape(part) for part in _VARIABLE.split(template))
    return re.fullmatch(pattern, name, flags=re.DOTALL) is not None


def _group_errors(groups: Sequence[Any], place: str) -> Iterator[tuple[str, str]]:
    names: set[str] = set()
    for number, group in enumerate(groups):
        here = f"{place}[{number}]"
        if not isinstance(group, Mapping):
            yield here, "must be an object"
            continue
        for field in _REQUIRED:
            # Presto still accepts the older name of the last one.
            if field not in group and not (field == "hardConcurrencyLimit" and "maxRunning" in group):
                yield f"{here}.{field}", "required"
        name = str(group.get("name", ""))
        if "." in name:
            yield f"{here}.name", f'must not contain a dot, which separates a group from its subgroup (got "{name}")'
        if name in names:
            yield f"{here}.name", f'must be unique among its siblings, but another group is named "{name}" too'
        names.add(name)
        subgroups = group.get("subGroups", [])
        if not isinstance(subgroups, list):
            yield f"{here}.subGroups", "must be a list"
        else:
            yield from _group_errors(subgroups, f"{here}.subGroups")


def _selector_errors(number: int, selector: Any, paths: set[str]) -> list[tuple[str, str]]:
    here = f"selectors[{number}].group"
    if not isinstance(selector, Mapping) or not isinstance(selector.get("group"), str):
        return [(here, f"required: the path of a group, for example {min(paths)}")]
    if selector["group"] not in paths:
        return [(here, f'no group has the path "{selector["group"]}"; there are {", ".join(sorted(paths))}')]
    return []


def _paths(groups: Sequence[Any], parent: str) -> Iterator[str]:
    for group in groups:
        path = f"{parent}{group['name']}"
        yield path
        yield from _paths(group.get("subGroups", []), f"{path}.")

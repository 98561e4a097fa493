"""Resource groups: Presto's own file, as far as a coordinator refuses to start over it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

RESOURCE_GROUPS_FILE = "resource-groups.json"
RESOURCE_GROUPS_PROPERTIES = "resource-groups.properties"

_REQUIRED = ("name", "softMemoryLimit", "maxQueued", "hardConcurrencyLimit")
"""What a group must say (ResourceGroupSpec)."""
_LIMITS = ("cpuQuotaPeriod", "rootGroups", "selectors")


def resource_groups_properties(directory: str) -> dict[str, str]:
    """resource-groups.properties of a coordinator whose configuration is in `directory`."""
    return {
        "resource-groups.configuration-manager": "file",
        "resource-groups.config-file": f"{directory}/{RESOURCE_GROUPS_FILE}",
    }


def resource_groups_json(groups: Mapping[str, Any]) -> str:
    """resource-groups.json; in a fixed order, because the text is hashed."""
    return json.dumps(groups, indent=2, sort_keys=True) + "\n"


def resource_group_errors(groups: Mapping[str, Any]) -> list[str]:
    """What Presto would refuse in a resource-groups file, each naming its place.

    Groups nest, which a CRD's schema can't say; so it is checked here. What is checked is what keeps a coordinator from
    starting: required fields, names, and selectors of groups that aren't there.
    """
    errors = [f"{name}: unknown field; known are {', '.join(_LIMITS)}" for name in groups if name not in _LIMITS]
    roots = groups.get("rootGroups")
    selectors = groups.get("selectors", [])
    if not isinstance(roots, list) or not roots:
        return [*errors, "rootGroups: required: a list of groups"]
    if not isinstance(selectors, list):
        return [*errors, "selectors: must be a list"]
    errors += _group_errors(roots, "rootGroups")
    if not errors:
        paths = set(_paths(roots, ""))
        errors += [
            error for number, selector in enumerate(selectors) for error in _selector_errors(number, selector, paths)
        ]
    return errors


def _group_errors(groups: Sequence[Any], place: str) -> Iterator[str]:
    names: set[str] = set()
    for number, group in enumerate(groups):
        here = f"{place}[{number}]"
        if not isinstance(group, Mapping):
            yield f"{here}: must be an object"
            continue
        for field in _REQUIRED:
            # Presto still takes the older name of the last one.
            if field not in group and not (field == "hardConcurrencyLimit" and "maxRunning" in group):
                yield f"{here}.{field}: required"
        name = str(group.get("name", ""))
        if "." in name:
            yield f'{here}.name: "{name}" must hold no dot, which separates a group from its subgroup'
        if name in names:
            yield f'{here}.name: "{name}" is there twice'
        names.add(name)
        subgroups = group.get("subGroups", [])
        if not isinstance(subgroups, list):
            yield f"{here}.subGroups: must be a list"
        else:
            yield from _group_errors(subgroups, f"{here}.subGroups")


def _selector_errors(number: int, selector: Any, paths: set[str]) -> list[str]:
    here = f"selectors[{number}]"
    if not isinstance(selector, Mapping) or not isinstance(selector.get("group"), str):
        return [f"{here}.group: required: the path of a group, such as {sorted(paths)[0]}"]
    if selector["group"] not in paths:
        return [f'{here}.group: there is no group "{selector["group"]}"; there are {", ".join(sorted(paths))}']
    return []


def _paths(groups: Sequence[Any], parent: str) -> Iterator[str]:
    for group in groups:
        path = f"{parent}{group['name']}"
        yield path
        yield from _paths(group.get("subGroups", []), f"{path}.")

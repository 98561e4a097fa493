"""Resource groups: Presto's own file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

RESOURCE_GROUPS_FILE = "resource-groups.json"
RESOURCE_GROUPS_PROPERTIES = "resource-groups.properties"

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
    first, *others = _VARIABLE.split(template)
    if not others:
        return name == template
    position = len(first)
    # A regular expression of many variables would try for years. The earliest place is always good enough.
    for literal in others[:-1]:
        found = name.find(literal, position + 1)
        if found < 0:
            return False
        position = found + len(literal)
    return name.startswith(first) and name.endswith(others[-1]) and position < len(name) - len(others[-1])

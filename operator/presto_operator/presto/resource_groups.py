"""Resource groups: Presto's own file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

RESOURCE_GROUPS_FILE = "resource-groups.json"
RESOURCE_GROUPS_PROPERTIES = "resource-groups.properties"


def resource_groups_properties(directory: str) -> dict[str, str]:
    """resource-groups.properties of a coordinator whose configuration is in `directory`."""
    return {
        "resource-groups.configuration-manager": "file",
        "resource-groups.config-file": f"{directory}/{RESOURCE_GROUPS_FILE}",
    }


def resource_groups_json(groups: Mapping[str, Any]) -> str:
    """resource-groups.json, in a fixed order because the text is hashed."""
    return json.dumps(groups, indent=2, sort_keys=True) + "\n"

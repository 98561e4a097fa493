"""Session property rules: session property defaults by user, source and such, with Presto's file-based manager."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

SESSION_RULES_FILE = "session-property-config.json"
SESSION_RULES_PROPERTIES = "session-property-config.properties"


def session_rules_properties(directory: str) -> dict[str, str]:
    """session-property-config.properties of a coordinator whose configuration is in `directory`."""
    return {
        "session-property-config.configuration-manager": "file",
        "session-property-manager.config-file": f"{directory}/{SESSION_RULES_FILE}",
    }


def session_rules_json(rules: Sequence[Mapping[str, Any]]) -> str:
    """session-property-config.json, each rule in a fixed order because the text is hashed."""
    return json.dumps(list(rules), indent=2, sort_keys=True) + "\n"

"""Descriptions of fields in the CRD, which `kubectl explain` shows: with their bounds and their defaults."""

from __future__ import annotations

import json
from typing import Any

import yaml

from presto_operator.api.rules import SENTENCES

_DEFAULT = "Default: "
_LARGEST_BOUND = 10**6
"""A larger bound is a technical one, which helps no reader."""


def described(node: dict[str, Any]) -> dict[str, Any]:
    """`node`, the schema of a field, with its bounds and its default in the description.

    A description that contains "Default: " already is not given another one: its default depends on other fields, or
    is the meaning of not setting the field.
    """
    node = dict(node)
    sentences = [*node.pop(SENTENCES, []), *_bounds(node)]
    if "description" not in node:
        return node
    text, marker, default = node["description"].partition(_DEFAULT)
    if not marker and _has_default(node):
        marker, default = _DEFAULT, f"{_shown(node['default'])}."
    node["description"] = " ".join([text.strip(), *sentences, *([marker + default] if marker else [])])
    return node


def without_sentences(node: dict[str, Any]) -> dict[str, Any]:
    """`node` as it is, for fields that users don't set."""
    return {key: value for key, value in node.items() if key != SENTENCES}


def _bounds(node: dict[str, Any]) -> list[str]:
    least, most = node.get("minimum"), node.get("maximum")
    if least is not None and most is not None and most <= _LARGEST_BOUND:
        return [f"From {least} to {most}."]
    return []


def _has_default(node: dict[str, Any]) -> bool:
    """Whether there is a default that the node's own fields don't tell."""
    return node.get("default") not in (None, [], {}) and "properties" not in node


def _shown(default: Any) -> str:
    if isinstance(default, str) and isinstance(yaml.safe_load(default), str):
        return default
    return json.dumps(default)

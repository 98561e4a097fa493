"""`kubectl explain` tells what a field means, its bounds, and what it defaults to, in plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from presto_operator.api import PrestoClusterSpec, crd
from presto_operator.api.model import Model
from presto_operator.api.model_rules import ExactlyOne, Needs
from presto_operator.api.scaling_behavior import ScalingPolicy
from tests.unit.api.api_server import nodes

_ROOT = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
_FIELDS = {f"{path}.{name}": child for path, node in nodes(_ROOT) for name, child in node.get("properties", {}).items()}

_UNCLEAR = (
    "unless told",
    "if told",
    "tell of",
    "tells of",
    "goes before",
    "go before",
    "shall",
    "hangs on",
    "hang on",
    "who",
    "whoever",
    "nobody",
    "somebody",
    "what came of",
    "heeded",
    "let go",
    "is there",
    "not there",
    "likewise",
    "dearest",
    "go on top",
    "goes on top",
    "left out",
    "holds",
    "had",
    "wins",
    "small letters",
)
"""Words that took a second reading, where the field has a plain one: defaults to, overrides, ignored, depends on."""


def _optional_fields() -> Iterator[tuple[str, type[Model], str, FieldInfo]]:
    def walk(
        schema: dict[str, Any], path: str, model: type[BaseModel]
    ) -> Iterator[tuple[str, type[Model], str, FieldInfo]]:
        assert issubclass(model, Model)
        for name, field in model.model_fields.items():
            here = f"{path}.{field.alias}"
            if not field.is_required():
                yield here, model, name, field
            for inner, inner_path in _models_of(field.annotation, here):
                yield from walk(schema, inner_path, inner)

    yield from walk(_ROOT, ".spec", PrestoClusterSpec)


def _models_of(annotation: Any, path: str) -> Iterator[tuple[type[BaseModel], str]]:
    """The models in the type of a field, with their paths in the CRD."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, path
    origin = getattr(annotation, "__origin__", None)
    suffix = "[]" if origin is tuple else ".*" if origin is dict else ""
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_of(inner, path + suffix)


_OPTIONAL = {path: (model, name, field) for path, model, name, field in _optional_fields()}


def test_the_optional_fields_are_those_of_the_crd() -> None:
    required = {
        f"{path}.{name}" for path, node in nodes(_ROOT) if path.startswith(".spec") for name in node.get("required", [])
    }
    in_spec = {path for path in _FIELDS if path.startswith(".spec.")}
    assert set(_OPTIONAL) == in_spec - required
    assert len(_OPTIONAL) > 100


@pytest.mark.parametrize("path", _OPTIONAL)
def test_the_description_tells_the_default(path: str) -> None:
    model, name, field = _OPTIONAL[path]
    description = _FIELDS[path]["description"]
    default = field.get_default(call_default_factory=True, validated_data={})
    if default in ((), {}) or _is_all_defaults(field, default) or (default is None and _is_a_choice(model, name)):
        # Nothing, the defaults of its own fields, or one of several of which the user has to choose.
        return
    (told,) = re.findall(r"Default: (.+)\.$", description)
    if isinstance(default, tuple) and all(isinstance(item, ScalingPolicy) for item in default):
        assert json.loads(told) == [policy.model_dump(by_alias=True) for policy in default]
    elif default is not None and not isinstance(default, BaseModel | tuple):
        assert yaml.safe_load(told) == default


def _is_all_defaults(field: FieldInfo, default: Any) -> bool:
    return isinstance(default, BaseModel) and field.default_factory is type(default)


def _is_a_choice(model: type[Model], name: str) -> bool:
    return any(
        (isinstance(rule, ExactlyOne) and name in rule.fields) or (isinstance(rule, Needs) and name == rule.other)
        for rule in model.rules
    )


def test_status_tells_no_defaults() -> None:
    assert [path for path, field in _FIELDS.items() if path.startswith(".status") and "Default:" in str(field)] == []


@pytest.mark.parametrize("words", _UNCLEAR)
def test_descriptions_and_messages_of_the_crd_are_in_plain_words(words: str) -> None:
    texts = [(path, str(node.get("description", ""))) for path, node in nodes(_ROOT)]
    texts += [
        (path, rule["message"]) for path, node in nodes(_ROOT) for rule in node.get("x-kubernetes-validations", [])
    ]
    assert [(path, text) for path, text in texts if re.search(rf"\b{words}\b", text)] == []


def test_descriptions_are_sentences() -> None:
    assert [
        path for path, field in _FIELDS.items() if path != ".metadata" and not field["description"].endswith(".")
    ] == []
    assert [path for path, field in _FIELDS.items() if "  " in field.get("description", "")] == []

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from presto_operator.api import crd, parse_cluster
from presto_operator.cli import main
from tests.unit.api.api_server import nodes, with_defaults
from tests.unit.manifest import manifest

_REPOSITORY = Path(__file__).parents[3]
_GENERATED = _REPOSITORY / "crds" / "prestooperator.io_prestoclusters.yaml"

_STRUCTURAL_KEYWORDS = {
    *("type", "description", "default", "enum", "format", "pattern", "properties", "required", "items"),
    *("additionalProperties", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"),
    *("minProperties", "maxProperties", "anyOf", "nullable"),
    *("x-kubernetes-validations", "x-kubernetes-int-or-string", "x-kubernetes-list-type"),
    *("x-kubernetes-list-map-keys", "x-kubernetes-map-type", "x-kubernetes-preserve-unknown-fields"),
}


@pytest.fixture(scope="module")
def version() -> dict[str, Any]:
    """The only version of the resource."""
    (only,) = crd()["spec"]["versions"]
    assert isinstance(only, dict)
    return only


@pytest.fixture(scope="module")
def schema(version: dict[str, Any]) -> dict[str, Any]:
    """The schema of a whole PrestoCluster."""
    root = version["schema"]["openAPIV3Schema"]
    assert isinstance(root, dict)
    return root


def test_every_property_has_a_description(schema: dict[str, Any]) -> None:
    properties = {
        f"{path}.{name}": child for path, node in nodes(schema) for name, child in node.get("properties", {}).items()
    }
    assert len(properties) > 50
    # The API server takes no description of metadata: it brings its own.
    assert [path for path, child in properties.items() if not child.get("description", "").strip()] == [".metadata"]


def test_schema_uses_only_what_a_structural_schema_may(schema: dict[str, Any]) -> None:
    alien = {f"{path}: {key}" for path, node in nodes(schema) for key in node if key not in _STRUCTURAL_KEYWORDS}
    assert alien == set()


_NUMBER_OR_TEXT = [f".spec.autoscaling.behavior.{rules}.tolerance" for rules in ("scaleUp", "scaleDown")]
"""Fields that take any number or text, as HPA's do: a structural schema has no type for both."""


def test_every_node_says_its_type(schema: dict[str, Any]) -> None:
    known = {"object", "array", "string", "integer", "number", "boolean"}
    assert [
        path
        for path, node in nodes(schema)
        if node.get("type") not in known and not node.get("x-kubernetes-int-or-string")
    ] == _NUMBER_OR_TEXT


def test_choices_are_for_int_or_string_only(schema: dict[str, Any]) -> None:
    assert [
        path for path, node in nodes(schema) if "anyOf" in node and not node.get("x-kubernetes-int-or-string")
    ] == []


def test_every_map_says_what_its_values_are(schema: dict[str, Any]) -> None:
    objects = [(path, node) for path, node in nodes(schema) if node.get("type") == "object" and path != ".metadata"]
    assert [
        path
        for path, node in objects
        if not node.get("properties")
        and not isinstance(node.get("additionalProperties"), dict)
        # What is Kubernetes' own is judged when it is applied.
        and not node.get("x-kubernetes-preserve-unknown-fields")
    ] == []


def test_only_parts_of_pods_are_free_form(schema: dict[str, Any]) -> None:
    free = {path for path, node in nodes(schema) if node.get("x-kubernetes-preserve-unknown-fields")}
    peers = {".spec.networkPolicy.clients[]", ".spec.networkPolicy.trusted[]"}
    assert free == {".spec.resourceGroups", *_NUMBER_OR_TEXT} | peers | {
        f".spec.{role}.{field}"
        for role in ("coordinator", "workers")
        for field in ("initContainers[]", "podOverrides.spec", "volumes[].source")
    }


def test_no_default_is_null(schema: dict[str, Any]) -> None:
    assert [path for path, node in nodes(schema) if "default" in node and node["default"] is None] == []


def test_a_catalog_has_a_schema_of_its_own(schema: dict[str, Any]) -> None:
    catalogs = schema["properties"]["spec"]["properties"]["catalogs"]
    assert "properties" in catalogs["additionalProperties"]["properties"]


def test_list_map_keys_are_required_properties_of_the_items(schema: dict[str, Any]) -> None:
    lists = [(path, node) for path, node in nodes(schema) if node.get("x-kubernetes-list-type") == "map"]
    assert {path for path, _ in lists} == {
        ".spec.autoscaling.schedules",
        ".spec.plugins",
        ".spec.workers.pools",
        *(
            f".spec.{role}.{field}"
            for role in ("coordinator", "workers")
            for field in ("env", "initContainers", "volumes")
        ),
        ".status.conditions",
        ".status.workers.pools",
    }
    for _, node in lists:
        for key in node["x-kubernetes-list-map-keys"]:
            assert key in node["items"]["properties"]
            assert key in node["items"]["required"]


def test_every_validation_has_a_message(schema: dict[str, Any]) -> None:
    rules = [rule for _, node in nodes(schema) for rule in node.get("x-kubernetes-validations", [])]
    assert len(rules) > 10
    assert all(rule["rule"].strip() and rule["message"].strip() for rule in rules)


@pytest.mark.parametrize("name", ["specReplicasPath", "statusReplicasPath", "labelSelectorPath"])
def test_scale_subresource_points_at_fields_that_exist(
    version: dict[str, Any], schema: dict[str, Any], name: str
) -> None:
    field = _at(schema, version["subresources"]["scale"][name])
    assert field["type"] == ("string" if name == "labelSelectorPath" else "integer")


def test_printer_columns_point_at_fields_that_exist(version: dict[str, Any], schema: dict[str, Any]) -> None:
    columns = {column["name"]: column["jsonPath"] for column in version["additionalPrinterColumns"]}
    assert "Ready" in columns
    for path in columns.values():
        if not path.startswith(".metadata."):
            assert _at(schema, re.sub(r"\[[^]]*\]", "[]", path)), path


def test_it_fits_into_an_annotation() -> None:
    # A client-side `kubectl apply` keeps a copy of the whole object in one, and all annotations share 256 KiB.
    assert len(json.dumps(crd())) < 100_000


def test_generated_file_is_up_to_date() -> None:
    printed = CliRunner().invoke(main, ["crd"])
    assert printed.exit_code == 0
    assert _GENERATED.read_text() == printed.output
    assert yaml.safe_load(printed.output) == crd()


_PARTIAL_SPECS: list[dict[str, Any]] = [
    {},
    {"workers": {"pools": [{"name": "a"}, {"name": "b", "maxReplicas": 3}]}},
    {"workers": {"resources": {"limits": {"memory": "8Gi"}}}, "coordinator": {"jvm": {"heapPercent": 50}}},
    {"image": {"tag": "latest"}, "catalogs": {"tpch": {"properties": {"connector.name": "tpch"}}}},
    {"coordinator": {"tolerations": [{"operator": "Exists"}]}},
    {"metastore": {"uris": ["thrift://hive-metastore.data:9083"]}},
    {"autoscaling": {"maxReplicas": 9}},
    {"autoscaling": {"maxReplicas": 9, "targets": {"workerCPUPercent": 60}, "scaleToZero": {}}},
    {"autoscaling": {"maxReplicas": 9, "behavior": {"scaleDown": {"selectPolicy": "Min"}}}},
]


@pytest.mark.parametrize("spec", _PARTIAL_SPECS)
def test_api_server_and_operator_fill_in_the_same_defaults(schema: dict[str, Any], spec: dict[str, Any]) -> None:
    given = manifest(**spec)
    stored = with_defaults(schema, copy.deepcopy(given))
    assert stored["spec"] != given["spec"]
    parsed = parse_cluster(given).spec
    assert parse_cluster(stored).spec == parsed
    # Whatever the operator assumes, a reader of the stored object sees, but for what stands inside of lists.
    assumed = parsed.model_dump(by_alias=True, mode="json")
    for pool in assumed["workers"]["pools"] + stored["spec"]["workers"]["pools"]:
        for name, default in (("minReplicas", 0), ("capacityType", "Any")):
            if pool.get(name) == default:
                del pool[name]
    assert _without_empty(stored["spec"]) == _without_empty(assumed)


def _at(schema: dict[str, Any], path: str) -> dict[str, Any]:
    node = schema
    for part in path.removeprefix(".").split("."):
        node = node["properties"][part.removesuffix("[]")]
        if part.endswith("[]"):
            node = node["items"]
    return node


def _without_empty(value: Any) -> Any:
    """`value` without what says no more than its absence: null, empty lists and empty objects."""
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    if isinstance(value, dict):
        items = {name: _without_empty(item) for name, item in value.items()}
        return {name: item for name, item in items.items() if item not in (None, [], {})}
    return value


def test_no_default_stands_inside_of_a_list() -> None:
    # `kubectl apply` and Argo CD would see a difference between the manifest and the object forever.
    def defaults(node: Any, path: str, *, is_in_list: bool) -> list[str]:
        if not isinstance(node, dict):
            return []
        found = [path] if is_in_list and "default" in node else []
        for name, child in node.get("properties", {}).items():
            found += defaults(child, f"{path}.{name}", is_in_list=is_in_list)
        for key in ("items", "additionalProperties"):
            found += defaults(node.get(key), f"{path}[]", is_in_list=is_in_list or key == "items")
        return found

    root = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert defaults(root["properties"]["spec"], "spec", is_in_list=False) == []

"""The CustomResourceDefinition. It is generated from the models, which are its only source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from presto_operator.api.description import described, without_sentences
from presto_operator.api.field_rules import matches
from presto_operator.api.rules import Problem, cel, shown
from presto_operator.api.spec import PrestoClusterSpec
from presto_operator.api.status import PrestoClusterStatus
from presto_operator.objects import GROUP

VERSION = "v1alpha1"
KIND = "PrestoCluster"
PLURAL = "prestoclusters"
API_VERSION = f"{GROUP}/{VERSION}"

MAX_CLUSTER_NAME_LENGTH = 38
"""So that `<name>-<pool>-<revision>` (38 + 1 + 15 + 1 + 8) is at most a DNS label of 63 characters."""

NAME_PATTERN = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""A cluster's name is part of the names of Services, which are DNS-1035 labels: a letter first, no dots."""

_VALIDATIONS = "x-kubernetes-validations"
_JSON_SCHEMA_ONLY = ("title", "propertyNames", "discriminator", "examples")


_NAME_FORM = (
    "start with a letter, consist of lowercase letters, digits and dashes, end with a letter or a digit, and have at "
    f"most {MAX_CLUSTER_NAME_LENGTH} characters"
)
_NAME_RULE = cel(
    f"self.metadata.name.matches('{NAME_PATTERN}') && self.metadata.name.size() <= {MAX_CLUSTER_NAME_LENGTH}",
    f"metadata.name must {_NAME_FORM}",
)


def name_problems(name: object) -> list[Problem]:
    """What is wrong with the name of a PrestoCluster, which the root's CEL rule checks for the API server."""
    if isinstance(name, str) and matches(NAME_PATTERN, name) and len(name) <= MAX_CLUSTER_NAME_LENGTH:
        return []
    return [Problem("metadata.name", f"must {_NAME_FORM} (got {shown(name)})")]


def crd() -> dict[str, Any]:
    """The CustomResourceDefinition of PrestoCluster, ready to apply."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": "prestocluster",
                "shortNames": ["presto"],  # not "pc": that is PriorityClass in every cluster (docs/adr/0001)
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": _schema()},
                    "subresources": {
                        "status": {},
                        "scale": {
                            "specReplicasPath": ".spec.workers.replicas",
                            "statusReplicasPath": ".status.workers.replicas",
                            "labelSelectorPath": ".status.workers.selector",
                        },
                    },
                    "additionalPrinterColumns": _printer_columns(),
                }
            ],
        },
    }


def _schema() -> dict[str, Any]:
    spec = _structural(PrestoClusterSpec, described)
    # A default in status is only a value before the first update.
    status = _structural(PrestoClusterStatus, without_sentences)
    return {
        "type": "object",
        "description": "A Presto cluster: a coordinator and its workers.",
        "properties": {
            "apiVersion": {"type": "string", "description": f"Always {API_VERSION}."},
            "kind": {"type": "string", "description": f"Always {KIND}."},
            "metadata": {"type": "object"},  # Kubernetes allows no more here
            "spec": {**spec, "description": "Desired state of the cluster."},
            "status": {**status, "description": "Observed state of the cluster."},
        },
        "required": ["spec"],
        _VALIDATIONS: [_NAME_RULE],
    }


def _printer_columns() -> list[dict[str, Any]]:
    columns = [
        (
            "Ready",
            "string",
            '.status.conditions[?(@.type=="Ready")].status',
            "Whether the cluster answers queries.",
            0,
        ),
        ("Phase", "string", ".status.phase", "Summary of the state in one word.", 0),
        ("Version", "string", ".spec.version", "Presto release.", 0),
        ("Workers", "string", ".status.workers.summary", "Ready and desired workers.", 0),
        ("Active", "integer", ".status.workers.active", "Active workers, as counted by Presto.", 1),
        ("Running", "integer", ".status.queries.running", "Running queries, updated at most every 30 s.", 0),
        ("Queued", "integer", ".status.queries.queued", "Queued queries, updated at most every 30 s.", 0),
        ("URI", "string", ".status.coordinator.uri", "Address for clients inside Kubernetes.", 1),
        ("Age", "date", ".metadata.creationTimestamp", "Time since the cluster was created.", 0),
    ]
    return [
        {"name": name, "type": type_, "jsonPath": path, "description": description, "priority": priority}
        for name, type_, path, description, priority in columns
    ]


_Node = dict[str, Any]


def _structural(model: type[BaseModel], describe: Callable[[_Node], _Node]) -> _Node:
    """The model's JSON schema as the structural schema that Kubernetes requires: no references, titles or null."""
    document = model.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, _Node] = document.pop("$defs", {})

    def converted(node: _Node, *, is_in_list: bool = False) -> _Node:
        node = describe(_inlined(node, definitions))
        result: _Node = {}
        for key, value in node.items():
            if key == "properties":
                result[key] = {name: converted(child, is_in_list=is_in_list) for name, child in value.items()}
            elif key in ("items", "additionalProperties") and isinstance(value, dict):
                result[key] = converted(value, is_in_list=is_in_list or key == "items")
            elif _belongs(key, value, is_in_list=is_in_list):
                result[key] = value
        if "const" in result:
            result["enum"] = [result.pop("const")]
        return result

    return converted(document)


def _belongs(key: str, value: Any, *, is_in_list: bool) -> bool:
    """Whether a keyword of pydantic's schema belongs into a CRD."""
    if key == "default":
        # Client-side apply replaces lists as a whole: a default that the API server fills in inside one would look like
        # a difference forever, to `kubectl apply` and to Argo CD. The models have it all the same. An empty list or map
        # means the same as its absence, and would only clutter every stored object.
        return not is_in_list and value not in (None, [], {})
    return key not in ("additionalProperties", *_JSON_SCHEMA_ONLY)


def _inlined(node: _Node, definitions: dict[str, _Node]) -> _Node:
    """`node` with its reference, or the one non-null choice of its anyOf, put in its place.

    What stands beside the reference (description, default) overrides the definition; CEL rules add up.
    """
    node = dict(node)
    if "$ref" in node:
        name = node.pop("$ref").removeprefix("#/$defs/")
        return _merged(_inlined(definitions[name], definitions), node)
    choices = [choice for choice in node.get("anyOf", []) if choice.get("type") != "null"]
    if len(choices) == 1 and "x-kubernetes-int-or-string" not in node:
        del node["anyOf"]
        return _merged(_inlined(choices[0], definitions), node)
    return node


def _merged(definition: _Node, node: _Node) -> _Node:
    rules = [*definition.get(_VALIDATIONS, []), *node.get(_VALIDATIONS, [])]
    return {**definition, **node, **({_VALIDATIONS: rules} if rules else {})}

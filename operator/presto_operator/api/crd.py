"""The CustomResourceDefinition, generated from the models: they are its one source."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from presto_operator.api.model import Model, schema
from presto_operator.api.spec import PrestoClusterSpec
from presto_operator.api.status import PrestoClusterStatus
from presto_operator.objects import GROUP

VERSION = "v1alpha1"
KIND = "PrestoCluster"
PLURAL = "prestoclusters"
API_VERSION = f"{GROUP}/{VERSION}"

MAX_CLUSTER_NAME_LENGTH = 38
"""So that `<name>-<pool>-<revision>` (38 + 1 + 15 + 1 + 8) stays a DNS label of 63 characters."""

NAME_PATTERN = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""A cluster's name is part of the names of Services, which are DNS-1035 labels: letter first, no dots."""

_JSON_SCHEMA_ONLY = ("title", "propertyNames", "discriminator", "examples")


class PrestoClusterResource(Model):
    """The schema's root. A Presto cluster: a coordinator and its workers."""

    model_config = schema(
        {
            "rule": f"self.metadata.name.matches('{NAME_PATTERN}') && "
            f"self.metadata.name.size() <= {MAX_CLUSTER_NAME_LENGTH}",
            "message": "metadata.name must start with a letter, hold only small letters, digits and dashes, "
            f"and have at most {MAX_CLUSTER_NAME_LENGTH} characters",
        }
    )

    spec: PrestoClusterSpec = Field(description="What the cluster shall be.")
    status: PrestoClusterStatus | None = Field(default=None, description="What the cluster is.")


def crd() -> dict[str, Any]:
    """The CustomResourceDefinition of PrestoCluster, ready to apply."""
    root = _structural(PrestoClusterResource)
    root["description"] = "A Presto cluster: a coordinator and its workers."
    root["properties"] = {
        "apiVersion": {"type": "string", "description": f"Always {API_VERSION}."},
        "kind": {"type": "string", "description": f"Always {KIND}."},
        "metadata": {"type": "object"},  # Kubernetes forbids to say more
        **root["properties"],
    }
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
                "categories": ["all"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": root},
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


def _printer_columns() -> list[dict[str, Any]]:
    columns = [
        (
            "Ready",
            "string",
            '.status.conditions[?(@.type=="Ready")].status',
            "Whether it answers queries.",
            0,
        ),
        ("Phase", "string", ".status.phase", "The state in one word.", 0),
        ("Version", "string", ".spec.version", "Presto release.", 0),
        ("Workers", "string", ".status.workers.summary", "Ready and desired workers.", 0),
        ("Active", "integer", ".status.workers.active", "Active workers by Presto's own count.", 1),
        ("Running", "integer", ".status.queries.running", "Running queries.", 0),
        ("Queued", "integer", ".status.queries.queued", "Queued queries.", 0),
        ("URI", "string", ".status.coordinator.uri", "Address for clients inside Kubernetes.", 1),
        ("Age", "date", ".metadata.creationTimestamp", "Time since it was created.", 0),
    ]
    return [
        {"name": name, "type": type_, "jsonPath": path, "description": description, "priority": priority}
        for name, type_, path, description, priority in columns
    ]


def _structural(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON schema as the structural schema that Kubernetes wants: no references, no titles, no null."""
    document = model.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, Any] = document.pop("$defs", {})
    return _converted(document, definitions)


def _converted(node: dict[str, Any], definitions: dict[str, Any], *, is_in_list: bool = False) -> dict[str, Any]:
    node = _inlined(node, definitions)
    converted: dict[str, Any] = {}
    for key, value in node.items():
        if key == "default" and is_in_list:
            # Client-side apply replaces lists whole. A default that the API server filled in inside of one would look
            # like a difference forever, to `kubectl apply` and to Argo CD alike; the models have it all the same.
            continue
        if key in _JSON_SCHEMA_ONLY or (key == "additionalProperties" and not isinstance(value, dict)):
            continue
        if key == "default" and value in (None, [], {}):
            # An empty list or map says no more than its absence, and would only clutter every stored object.
            continue
        if key == "properties":
            converted[key] = {
                name: _converted(child, definitions, is_in_list=is_in_list) for name, child in value.items()
            }
        elif key in ("items", "additionalProperties"):
            converted[key] = _converted(value, definitions, is_in_list=is_in_list or key == "items")
        elif key == "patternProperties":
            # Kubernetes has no patterns for keys; a CEL rule of the model says what names are right.
            converted["additionalProperties"] = _converted(
                next(iter(value.values())), definitions, is_in_list=is_in_list
            )
        else:
            converted[key] = value
    if "const" in converted:
        converted["enum"] = [converted.pop("const")]
    return converted


def _inlined(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """`node` with its reference, or the one non-null choice of its anyOf, put in its place.

    What stands beside the reference (description, default) wins over what the definition says of itself.
    """
    node = dict(node)
    if "$ref" in node:
        name = node.pop("$ref").removeprefix("#/$defs/")
        return {**_inlined(definitions[name], definitions), **node}
    choices = [choice for choice in node.get("anyOf", []) if choice.get("type") != "null"]
    if len(choices) == 1 and "x-kubernetes-int-or-string" not in node:
        del node["anyOf"]
        return {**_inlined(choices[0], definitions), **node}
    return node

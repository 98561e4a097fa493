"""The manifests of the documentation and the examples, taken by a real API server and carried out."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.kit.documentation import manifests, pages
from tests.kit.resources import Namespace, Resource

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def _apply_all(namespace: Namespace, objects: list[Resource]) -> None:
    for obj in objects:
        # What `kubectl apply` of the page would say no to, be it an unknown field.
        namespace.kubectl("apply", "--validate=strict", "--filename=-", stdin=json.dumps(obj))


def _is_carried_out(namespace: Namespace, name: str) -> bool:
    conditions = {item["type"]: item for item in namespace.presto_cluster(name).get("status", {}).get("conditions", [])}
    if not conditions:
        return False
    assert conditions["Valid"]["status"] == "True", conditions["Valid"]["message"]
    assert conditions["Degraded"]["reason"] != "ApplyFailed", conditions["Degraded"]["message"]
    return any(key.startswith("Deployment/") for key in namespace.children(name))


def _carried_out(namespace: Namespace, objects: list[Resource]) -> None:
    _apply_all(namespace, objects)
    for resource in objects:
        if resource["kind"] == "PrestoCluster":
            name = resource["metadata"]["name"]
            namespace.wait_until(partial(_is_carried_out, namespace, name), timeout=60, what=f"the children of {name}")


@pytest.mark.parametrize("page", pages())
def test_the_manifests_of_a_page_are_carried_out(namespace: Namespace, page: str) -> None:
    _carried_out(namespace, manifests(page))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_carried_out(namespace: Namespace, path: Path) -> None:
    _carried_out(namespace, list(yaml.safe_load_all(path.read_text())))

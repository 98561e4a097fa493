from __future__ import annotations

import base64
from typing import Any

import pytest

from presto_operator.api import SourceObject, parse_cluster
from tests.kit.documentation import manifests, pages


@pytest.mark.parametrize("page", pages())
def test_every_cluster_of_the_documentation_is_valid(page: str) -> None:
    objects = manifests(page)
    sources = {
        SourceObject(obj["kind"], obj["metadata"]["name"]): _data(obj)
        for obj in objects
        if obj["kind"] in ("Secret", "ConfigMap")
    }
    clusters = [obj for obj in objects if obj["kind"] == "PrestoCluster"]
    assert clusters
    for resource in clusters:
        assert parse_cluster(resource, sources).name == resource["metadata"]["name"]


def _data(obj: dict[str, Any]) -> dict[str, str]:
    encoded = obj.get("data", {}) if obj["kind"] == "Secret" else {}
    plain = obj.get("stringData", {}) if obj["kind"] == "Secret" else obj.get("data", {})
    return {**{key: base64.b64decode(value).decode() for key, value in encoded.items()}, **plain}

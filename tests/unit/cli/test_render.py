from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from presto_operator.cli import main
from tests.unit.manifest import manifest

_EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))


def _render(text: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(main, ["render", "-f", "-", *options], input=text)


def _yaml(*documents: Any) -> str:
    return yaml.safe_dump_all(documents)


def _namespaces(result: Result) -> set[str]:
    assert result.exit_code == 0, result.output
    return {obj["metadata"]["namespace"] for obj in yaml.safe_load_all(result.output)}


@pytest.mark.parametrize("example", _EXAMPLES, ids=[path.stem for path in _EXAMPLES])
def test_an_example_renders(example: Path) -> None:
    result = CliRunner().invoke(main, ["render", "-f", str(example)])
    assert result.exit_code == 0, result.output
    kinds = [obj["kind"] for obj in yaml.safe_load_all(result.output)]
    assert "Deployment" in kinds
    assert "&id" not in result.output


def test_files_inside_are_readable() -> None:
    assert "jvm.config: |\n" in _render(_yaml(manifest())).output


def test_namespace_is_the_manifests_then_the_options_then_default() -> None:
    nameless = manifest()
    del nameless["metadata"]["namespace"]
    assert _namespaces(_render(_yaml(manifest()), "-n", "elsewhere")) == {"analytics"}
    assert _namespaces(_render(_yaml(nameless), "-n", "elsewhere")) == {"elsewhere"}
    assert _namespaces(_render(_yaml(nameless))) == {"default"}


def test_other_kinds_are_passed_over_and_all_clusters_rendered() -> None:
    other = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "analytics"}}
    result = _render(_yaml(other, manifest(), None, manifest(name="ml")))
    assert result.exit_code == 0
    objects = list(yaml.safe_load_all(result.output))
    assert {obj["metadata"]["labels"]["prestooperator.io/cluster"] for obj in objects} == {"adhoc", "ml"}
    assert "Namespace" not in {obj["kind"] for obj in objects}


def test_every_error_of_an_invalid_cluster_has_a_line() -> None:
    result = _render(_yaml(manifest(version="287", workers={"replicas": -1})))
    _assert_refused(result, 'PrestoCluster "adhoc" is invalid:')
    lines = [line.strip().partition(": ")[0] for line in result.output.splitlines()[1:]]
    assert lines == ["spec.version", "spec.workers.replicas"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "contains no PrestoCluster"),
        ("just text", "contains no PrestoCluster"),
        ("- a list", "contains no PrestoCluster"),
        ("kind: Pod", "contains no PrestoCluster"),
        ("a: [", "is not YAML"),
        (b"kind: \xff\xfe", "is not YAML"),
        ("kind: PrestoCluster", "metadata: required"),
        ("{kind: PrestoCluster, metadata: {name: adhoc}}", "spec: required"),
        ("{kind: PrestoCluster, metadata: {name: adhoc}, spec: {}}", "spec.version: required"),
        ("{kind: PrestoCluster, metadata: adhoc, spec: {version: '0.287'}}", "metadata"),
    ],
)
def test_what_cannot_be_rendered_is_refused_in_words(text: str | bytes, message: str) -> None:
    _assert_refused(_render(text), message)


def test_a_file_that_is_not_there_is_named() -> None:
    result = CliRunner().invoke(main, ["render", "-f", "nowhere.yaml"])
    assert result.exit_code != 0
    assert "nowhere.yaml" in result.output
    assert "Traceback" not in result.output


def _assert_refused(result: Result, message: str) -> None:
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.output.startswith("Error: ")
    assert message in result.output


def test_secrets_and_config_maps_of_the_manifest_are_what_the_cluster_refers_to() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": "x"}}
    shared = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "all"},
        "data": {"jmx.properties": "connector.name=jmx"},
    }
    catalog = {"properties": {"connector.name": "a"}, "secretProperties": {"b": {"name": "db", "key": "password"}}}
    body = manifest(catalogs={"mysql": catalog}, catalogsFrom=[{"configMap": "all"}])
    rendered = _render(_yaml(secret, shared, body))
    assert rendered.exit_code == 0, rendered.output
    kinds = {obj["kind"]: obj for obj in yaml.safe_load_all(rendered.output) if "catalogs" in obj["metadata"]["name"]}
    assert set(kinds["Secret"]["data"]) == {"mysql.properties"}
    assert set(kinds["ConfigMap"]["data"]) == {"jmx.properties"}
    _assert_refused(_render(_yaml(shared, body)), 'there is no Secret "db"')

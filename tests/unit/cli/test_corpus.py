"""What `render` says of the manifests in tests/corpus: hostile ones, and those of people who run Presto and Trino."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from presto_operator.api import API_VERSION, KIND, crd
from presto_operator.cli import main
from tests.unit.api.api_server import refusals

_CORPUS = Path(__file__).parents[2] / "corpus"
_FILES = sorted(path.stem for path in _CORPUS.glob("*.yaml") if path.stem != "verdicts")


@cache
def _verdicts() -> dict[str, dict[str, list[str]]]:
    verdicts: dict[str, dict[str, list[str]]] = yaml.safe_load((_CORPUS / "verdicts.yaml").read_text(encoding="utf-8"))
    return verdicts


def _rendered(name: str) -> Result:
    return CliRunner().invoke(main, ["render", "-f", str(_CORPUS / f"{name}.yaml")])


def test_every_manifest_has_a_verdict() -> None:
    assert sorted(_verdicts()) == _FILES


@pytest.mark.parametrize("name", _FILES)
def test_a_manifest_gets_its_verdict(name: str) -> None:
    result = _rendered(name)
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    (verdict, words), *_ = _verdicts()[name].items()
    assert result.exit_code == (0 if verdict == "accepted" else 1), result.output
    told = result.stderr.splitlines()
    if verdict == "accepted":
        assert [line.split(": ", 2)[2] for line in told] == words
    else:
        for line in words:
            assert any(there.strip().endswith(line) for there in told), result.stderr


@pytest.mark.parametrize("name", [name for name, verdict in _verdicts().items() if "accepted" in verdict])
def test_what_the_operator_accepts_the_api_server_accepts_too(name: str) -> None:
    schema = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec_schema = schema["properties"]["spec"]
    documents: list[Any] = list(yaml.safe_load_all((_CORPUS / f"{name}.yaml").read_text(encoding="utf-8")))
    clusters = [document for document in documents if document.get("kind") == KIND]
    assert clusters
    for document in clusters:
        assert document["apiVersion"] == API_VERSION
        assert refusals(spec_schema, document["spec"]) == []


def test_a_configuration_that_no_config_map_holds_is_refused_with_its_field(tmp_path: Path) -> None:
    config = {f"p{number}": "x" * 4096 for number in range(200)}
    body = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": "huge"},
        "spec": {"version": "0.287", "workers": {"config": config}},
    }
    file = tmp_path / "huge.yaml"
    file.write_text(yaml.safe_dump(body), encoding="utf-8")
    result = CliRunner().invoke(main, ["render", "-f", str(file)])
    assert result.exit_code == 1
    assert "spec.workers.config: makes the spec larger than 512 KiB" in result.output

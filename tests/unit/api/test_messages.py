"""Whatever is written into a field, the error has a path and is in the words of YAML and Kubernetes, not of Python."""

from __future__ import annotations

import re
from typing import Any

import pytest

from presto_operator.api import InvalidClusterError, crd
from presto_operator.api.validation import parse_spec
from tests.unit.api.api_server import nodes
from tests.unit.manifest import manifest

_SPEC = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
_PATHS = [path for path, _ in nodes(_SPEC) if path and not path.startswith(".coordinator")]
_WRONG: list[Any] = [
    *(None, True, 3, -(10**6), 10**12, 1.5, "", " ", "\n", "$", "x" * 40_000, "é", "\ud800", [], [[]], [None], {}),
    *({"": ""}, {"a": 1}, {" ": "x"}, {"x" * 400: "y"}, [{}], [{"name": "a"}, {"name": "a"}]),
]
_PYTHON = ("Input", "Value error", "dictionary", "tuple", "Tuple", "pattern", "instance", "None", "True", "be valid:")


@pytest.mark.parametrize("path", _PATHS)
def test_errors_are_for_people_who_know_no_python(path: str) -> None:
    refused = 0
    for value in _WRONG:
        try:
            parse_spec({**manifest(), "spec": {"version": "0.287", **_at(path, value)}})
        except InvalidClusterError as invalid:
            refused += 1
            for error in invalid.errors:
                assert re.match(r"spec(\.|$)", error.path), error
                assert ".." not in error.path, error
                assert not error.path.endswith("."), error
                assert len(error.message) < 500
                assert not [word for word in _PYTHON if word in error.message], error
    assert refused


def _at(path: str, value: Any) -> Any:
    """A spec with `value` at a path of the CRD, in which lists have one item, and maps one key."""
    for part in reversed(re.findall(r"\.\*|\[\]|\.[^.\[]+", path)):
        value = [value] if part == "[]" else {"a" if part == ".*" else part[1:]: value}
    return value

"""Whatever a spec holds: it is valid, or it has field errors, and nothing else comes of it."""

from __future__ import annotations

import copy
import itertools
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from presto_operator.api import InvalidClusterError, SourceObject, crd, parse_cluster, parse_spec, references
from presto_operator.bounds import MAX_DEPTH, MAX_MESSAGE, MAX_SPEC_BYTES
from presto_operator.desired import cluster_warnings, render_generation
from tests.unit.manifest import manifest

_ODD_TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            "9" * 400 + "GB",
            "9" * 5000,
            "${ENV:X}",
            "\ud800",
            "\x00",
            "a\nb",
            "1e999999",
            "∞",
            "٣",
            "0.287",
            "10s",
            "9" * 30 + "d",
            "1Ei",
            "(" * 900,
            "a=b",
            "-Xmx1G",
            "99999999999999999999.5GB",
            "thrift://h:99999",
            "* * * * *",
            "é" * 300,
        ]
    ),
)
_ODD_NUMBER = st.one_of(
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**63, -(2**63), 10**400]),
    st.floats(),
)
_SCALAR = st.one_of(st.none(), st.booleans(), _ODD_NUMBER, _ODD_TEXT)
_JSON = st.recursive(
    _SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_ODD_TEXT, inner, max_size=4)),
    max_leaves=8,
)


def _deep(levels: int) -> Any:
    value: Any = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"subGroups": value}
    return value


_VALUE = st.one_of(_JSON, st.sampled_from([20, MAX_DEPTH + 3, 300]).map(_deep))

_Path = tuple[str | int, ...]


@cache
def _places() -> tuple[_Path, ...]:
    """Every field of a spec, by the CRD's schema; one item of a list and one key of a map stand for all."""
    found: list[_Path] = []
    pending: list[tuple[_Path, dict[str, Any]]] = [
        ((), crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"])
    ]
    while pending:
        path, node = pending.pop()
        if path:
            found.append(path)
        pending += [((*path, name), child) for name, child in node.get("properties", {}).items()]
        if isinstance(node.get("items"), dict):
            pending.append(((*path, 0), node["items"]))
        if isinstance(node.get("additionalProperties"), dict):
            pending.append(((*path, "a"), node["additionalProperties"]))
    return tuple(found)


_NAMED = {"name": "a", "image": "b", "url": "https://h/x.jar", "sha256": "0" * 64}


def _with(spec: dict[str, Any], path: _Path, value: Any) -> dict[str, Any]:
    """`spec` with a value at a path, and whatever has to be there to lead to it."""
    spec = copy.deepcopy(spec)
    node: Any = spec
    for part, following in itertools.pairwise(path):
        there = node.get(part) if isinstance(node, dict) else node[0] if node else None
        if not isinstance(there, dict | list):
            there = [] if isinstance(following, int) else {}
            if isinstance(node, dict):
                node[part] = there
            else:
                node.append(there)
        node = there
    if isinstance(node, list):
        node[:1] = [value]
    else:
        node[path[-1]] = value
    return spec


_SOURCES: dict[SourceObject, dict[str, str] | None] = {
    SourceObject("Secret", "a"): {"a": "connector.name=x\n", "b": "\udcff", "a.properties": "\\u00"},
    SourceObject("ConfigMap", "a"): {"a.properties": "connector.name=tpch", "a": "x"},
}


def _outcome(body: dict[str, Any]) -> list[str]:
    """The errors of a cluster; none if it is valid and renders."""
    try:
        list(references(parse_spec(body)))
        cluster = parse_cluster(body, _SOURCES)
    except InvalidClusterError as invalid:
        return [str(error) for error in invalid.errors]
    render_generation(cluster)
    cluster_warnings(cluster)
    return []


@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(_places()), _VALUE), min_size=1, max_size=3))
def test_any_value_at_any_field_is_valid_or_a_field_error(changes: list[tuple[_Path, Any]]) -> None:
    spec: dict[str, Any] = {"version": "0.287", "catalogs": {"tpch": {"properties": {"connector.name": "tpch"}}}}
    for path, value in changes:
        spec = _with(spec, path, value)
    for error in _outcome({**manifest(), "spec": spec}):
        assert len(error.encode()) <= MAX_MESSAGE
        assert error.startswith(("spec", "metadata"))


@pytest.mark.parametrize("path", _places(), ids=lambda path: ".".join(map(str, path)))
def test_every_field_survives_the_worst_values(path: _Path) -> None:
    worst = [
        "9" * 400 + "GB",
        "9" * 5000,
        10**5000,
        _deep(600),
        None,
        "\ud800",
        "a\x00b",
        float("nan"),
        {"\udcff": 1},
        "(" * 900,
    ]
    for value in worst:
        _outcome({**manifest(), "spec": _with({"version": "0.287"}, path, value)})


@pytest.mark.parametrize("spec", [None, [], "x", 7, {}, {"version": None}, {1: 2}])
def test_a_spec_of_any_type_is_a_field_error(spec: Any) -> None:
    assert _outcome({**manifest(), "spec": spec})


def test_a_spec_may_be_as_large_as_the_bound_and_no_larger() -> None:
    def of(size: int) -> dict[str, Any]:
        files = {f"f{number}": "x" * 32768 for number in range(14)}
        return manifest(coordinator={"configFiles": {**files, "rest": "x" * size}})

    assert _outcome(of(20000)) == []
    assert any(
        "makes the spec larger than" in error
        for error in _outcome(manifest(coordinator={"configFiles": {f"f{n}": "é" * 32768 for n in range(16)}}))
    )
    assert MAX_SPEC_BYTES == 512 * 1024

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.objects.strategic_merge import strategic_merge

_POD: dict[str, Any] = {
    "containers": [
        {
            "name": "presto",
            "image": "presto:1",
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "ports": [{"name": "http", "containerPort": 8080}],
            "volumeMounts": [{"name": "config", "mountPath": "/etc/presto"}],
            "livenessProbe": {"httpGet": {"path": "/v1/info"}, "periodSeconds": 15},
        }
    ],
    "volumes": [{"name": "config", "emptyDir": {}}],
    "tolerations": [{"key": "a"}, {"key": "b"}],
    "nodeSelector": {"pool": "r5"},
    "topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname", "maxSkew": 1}],
}


def _merged(**patch: Any) -> dict[str, Any]:
    return strategic_merge(_POD, patch)


def test_objects_are_merged_field_by_field() -> None:
    assert _merged(nodeSelector={"zone": "a"})["nodeSelector"] == {"pool": "r5", "zone": "a"}
    assert _merged(affinity={"nodeAffinity": {}})["affinity"] == {"nodeAffinity": {}}
    assert _merged(priorityClassName="high")["priorityClassName"] == "high"


def test_containers_are_merged_by_name_down_to_their_lists() -> None:
    (presto,) = _merged(
        containers=[
            {
                "name": "presto",
                "env": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}],
                "ports": [{"name": "jmx", "containerPort": 9000}],
                "volumeMounts": [{"name": "spill", "mountPath": "/spill"}],
                "livenessProbe": {"periodSeconds": 30},
            }
        ]
    )["containers"]
    assert presto == {
        "name": "presto",
        "image": "presto:1",
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}, {"name": "C", "value": "4"}],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "jmx", "containerPort": 9000}],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/presto"}, {"name": "spill", "mountPath": "/spill"}],
        "livenessProbe": {"httpGet": {"path": "/v1/info"}, "periodSeconds": 30},
    }


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("containers", {"name": "sidecar", "image": "x"}),
        ("initContainers", {"name": "first", "image": "x"}),
        ("volumes", {"name": "spill", "emptyDir": {}}),
        ("imagePullSecrets", {"name": "registry"}),
        ("hostAliases", {"ip": "10.0.0.1", "hostnames": ["a"]}),
        ("topologySpreadConstraints", {"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 2}),
    ],
)
def test_a_new_item_is_appended(name: str, item: dict[str, Any]) -> None:
    assert _merged(**{name: [item]})[name] == [*_POD.get(name, []), item]


def test_other_lists_are_replaced() -> None:
    assert _merged(tolerations=[{"key": "c"}])["tolerations"] == [{"key": "c"}]


@pytest.mark.parametrize("removal", [None, {"$patch": "delete"}], ids=["null", "delete"])
def test_a_field_can_be_removed(removal: Any) -> None:
    assert "nodeSelector" not in _merged(nodeSelector=removal)
    (presto,) = _merged(containers=[{"name": "presto", "livenessProbe": {"httpGet": removal}}])["containers"]
    assert presto["livenessProbe"] == {"periodSeconds": 15}
    assert strategic_merge({}, {"affinity": {"nodeAffinity": removal}}) == {"affinity": {}}


def test_an_item_can_be_removed_or_replaced() -> None:
    hostname = "kubernetes.io/hostname"
    assert _merged(topologySpreadConstraints=[{"topologyKey": hostname, "$patch": "delete"}]) == {
        **_POD,
        "topologySpreadConstraints": [],
    }
    assert _merged(topologySpreadConstraints=[{"topologyKey": "no", "$patch": "delete"}]) == _POD
    (presto,) = _merged(containers=[{"name": "presto", "image": "x", "$patch": "replace"}])["containers"]
    assert presto == {"name": "presto", "image": "x"}


def test_an_object_or_a_list_can_be_replaced() -> None:
    assert _merged(nodeSelector={"zone": "a", "$patch": "replace"})["nodeSelector"] == {"zone": "a"}
    replaced = _merged(volumes=[{"$patch": "replace"}, {"name": "spill", "emptyDir": {}}])["volumes"]
    assert replaced == [{"name": "spill", "emptyDir": {}}]


_NAMES = st.sampled_from(["a", "b", "c"])
_SCALARS = st.integers(0, 3) | st.booleans() | st.sampled_from(["x", "y"])


def _items(values: st.SearchStrategy[Any], directives: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    directive = {"$patch": st.sampled_from(directives)} if directives else {}
    return st.lists(
        st.fixed_dictionaries({"name": _NAMES}, optional={"image": _SCALARS, "resources": values, **directive}),
        max_size=3,
        # What two items of one name in a patch mean is a matter of their order: nobody writes that on purpose.
        unique_by=lambda item: item["name"],
    )


def _objects(directives: list[str], *leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects as in a pod's spec, or patches of such."""
    directive = {"$patch": st.sampled_from(directives)} if directives else {}
    return st.recursive(
        st.dictionaries(_NAMES, st.one_of(_SCALARS, *leaves), max_size=3),
        lambda inner: st.fixed_dictionaries(
            {},
            optional={
                "containers": _items(inner, directives),
                "tolerations": st.lists(_SCALARS, max_size=2),
                "a": inner,
                "b": st.one_of(_SCALARS, *leaves),
                **directive,
            },
        ),
        max_leaves=6,
    )


_ORIGINALS = _objects([])
_PATCHES = _objects(["delete", "replace"], st.none())


@given(_ORIGINALS)
def test_an_empty_patch_changes_nothing(original: dict[str, Any]) -> None:
    assert strategic_merge(original, {}) == original


@given(_ORIGINALS, _PATCHES)
def test_a_patch_twice_is_a_patch_once(original: dict[str, Any], patch: dict[str, Any]) -> None:
    once = strategic_merge(original, patch)
    assert strategic_merge(once, patch) == once


@given(_ORIGINALS, _PATCHES)
def test_neither_side_is_changed(original: dict[str, Any], patch: dict[str, Any]) -> None:
    originals = copy.deepcopy((original, patch))
    strategic_merge(original, patch)
    assert (original, patch) == originals


@given(_ORIGINALS, _PATCHES)
def test_no_directive_is_left(original: dict[str, Any], patch: dict[str, Any]) -> None:
    assert "$patch" not in str(strategic_merge(original, patch))


@given(_ORIGINALS, _ORIGINALS)
def test_what_a_patch_says_is_there_afterwards(original: dict[str, Any], patch: dict[str, Any]) -> None:
    assert _holds(strategic_merge(original, patch), patch)


def _holds(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and _holds(whole[name], part[name]) for name in part)
    if isinstance(part, list) and part and isinstance(part[0], dict):
        there = {item["name"]: item for item in whole}
        return all(_holds(there.get(item["name"]), item) for item in part)
    return bool(whole == part) or part == []

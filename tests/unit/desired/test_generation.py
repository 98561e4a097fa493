from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.api import PrestoCluster
from presto_operator.desired import cluster_objects
from presto_operator.objects import GENERATION_LABEL, ROLE_LABEL, KubernetesObject
from tests.unit.generations import generation_name, generation_objects
from tests.unit.manifest import UID, cluster

_LINES = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=8)
_PROPERTIES = st.dictionaries(st.from_regex(r"[a-z][a-z.-]{0,12}", fullmatch=True), _LINES, max_size=4)
_LABELS = st.dictionaries(
    st.from_regex(r"[a-z]([a-z.-]{0,10}[a-z])?", fullmatch=True),
    st.from_regex(r"([a-z0-9]([a-z0-9_.-]{0,10}[A-Z])?)?", fullmatch=True),
    max_size=4,
)
_POOLS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["r5", "r6", "base"])}, optional={"nodeSelector": _LABELS}),
    min_size=1,
    max_size=3,
    unique_by=lambda pool: str(pool["name"]),
)
_CATALOGS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
    _PROPERTIES.map(lambda properties: {"properties": {**properties, "connector.name": "tpch"}}),
    max_size=3,
)


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """Fields of a valid spec."""
    return {
        "version": draw(st.sampled_from(["0.283", "0.287", "0.287.1"])),
        "coordinator": {"config": draw(_safe(_PROPERTIES)), "jvm": {"heapPercent": draw(st.integers(10, 95))}},
        "workers": {
            "replicas": draw(st.integers(0, 10)),
            "config": draw(_safe(_PROPERTIES)),
            "pools": draw(_POOLS),
        },
        "catalogs": draw(_CATALOGS),
    }


def _safe(properties: st.SearchStrategy[dict[str, str]]) -> st.SearchStrategy[dict[str, str]]:
    return properties.map(lambda items: {name: value for name, value in items.items() if name != "coordinator"})


def _objects(cluster: PrestoCluster) -> list[KubernetesObject]:
    return generation_objects(cluster, {pool.name: 2 for pool in cluster.spec.workers.pools})


def _of_coordinator(cluster: PrestoCluster) -> list[KubernetesObject]:
    """What a change to the workers alone must not touch."""
    return [obj for obj in _objects(cluster) if obj["metadata"]["labels"].get(ROLE_LABEL) != "worker"]


@given(specs())
def test_same_spec_makes_the_same_objects(spec: dict[str, Any]) -> None:
    assert _objects(cluster(**copy.deepcopy(spec))) == _objects(cluster(**spec))


@given(specs())
def test_order_of_a_manifest_changes_nothing(spec: dict[str, Any]) -> None:
    backwards = cluster(**_backwards(spec))
    assert generation_name(backwards) == generation_name(cluster(**spec))
    assert _objects(backwards) == _objects(cluster(**spec))


@given(specs(), specs())
def test_workers_are_no_part_of_a_generations_name(one: dict[str, Any], other: dict[str, Any]) -> None:
    changed = {**one, "workers": other["workers"]}
    assert generation_name(cluster(**changed)) == generation_name(cluster(**one))
    assert _of_coordinator(cluster(**changed)) == _of_coordinator(cluster(**one))


_WORKER_CHANGES: dict[str, dict[str, Any]] = {
    "replicas": {"replicas": 30},
    "pools": {"pools": [{"name": "r5", "minReplicas": 2}, {"name": "r6"}]},
    "config": {"config": {"task.concurrency": "16"}},
    "jvm": {"jvm": {"extraArgs": ["-Da=b"]}},
    "resources": {"resources": {"limits": {"memory": "8Gi"}}},
}


@pytest.mark.parametrize("workers", _WORKER_CHANGES.values(), ids=_WORKER_CHANGES.keys())
def test_a_change_to_the_workers_leaves_the_coordinator_alone(workers: dict[str, Any]) -> None:
    assert _of_coordinator(cluster(workers=workers)) == _of_coordinator(cluster())
    assert cluster(workers=workers) != cluster()


_TPCH = {"tpch": {"properties": {"connector.name": "tpch"}}}
_COORDINATOR_CHANGES: dict[str, dict[str, Any]] = {
    "version": {"version": "0.288"},
    "version under one tag": {"version": "0.288", "image": {"tag": "0.287"}},
    "repository": {"image": {"repository": "registry/presto"}},
    "tag": {"image": {"tag": "0.287-our"}},
    "pull policy": {"image": {"pullPolicy": "Always"}},
    "pull secret": {"image": {"pullSecrets": ["registry"]}},
    "config": {"coordinator": {"config": {"query.max-memory": "1GB"}}},
    "heap": {"coordinator": {"jvm": {"heapPercent": 60}}},
    "JVM arguments": {"coordinator": {"jvm": {"extraArgs": ["-Da=b"]}}},
    "resources": {"coordinator": {"resources": {"limits": {"memory": "8Gi"}}}},
    "node selector": {"coordinator": {"nodeSelector": {"pool": "base"}}},
    "tolerations": {"coordinator": {"tolerations": [{"operator": "Exists"}]}},
    "new catalog": {"catalogs": _TPCH},
    "property of a catalog": {"catalogs": {"tpch": {"properties": {"connector.name": "tpch", "tpch.a": "b"}}}},
    "name of a catalog": {"catalogs": {"tpch2": {"properties": {"connector.name": "tpch"}}}},
}


def test_each_change_of_what_the_coordinator_runs_is_a_generation_of_its_own() -> None:
    names = {generation_name(cluster(**spec)) for spec in _COORDINATOR_CHANGES.values()}
    names.add(generation_name(cluster()))
    assert len(names) == len(_COORDINATOR_CHANGES) + 1


@pytest.mark.parametrize("spec", _COORDINATOR_CHANGES.values(), ids=_COORDINATOR_CHANGES.keys())
def test_a_new_generation_shares_no_deployment_with_the_old(spec: dict[str, Any]) -> None:
    assert _names(cluster(**spec), "Deployment").isdisjoint(_names(cluster(), "Deployment"))
    assert _names(cluster(**spec), "Service").isdisjoint(_names(cluster(), "Service"))


def test_a_change_to_the_workers_makes_another_deployment_of_them_and_going_back_finds_the_former_one() -> None:
    changed = cluster(workers={"config": {"task.concurrency": "16"}})
    assert len(_names(changed, "Deployment") & _names(cluster(), "Deployment")) == 1  # the coordinator's
    assert _names(changed, "ConfigMap") != _names(cluster(), "ConfigMap")
    assert _template(changed) != _template(cluster())
    assert _names(cluster(), "Deployment") == _names(cluster(workers={"config": {}}), "Deployment")


@given(specs(), specs())
def test_deployments_of_one_name_have_the_same_pods(one: dict[str, Any], other: dict[str, Any]) -> None:
    # So that no roll-out ever happens inside of a Deployment, where nobody would pace it.
    changed = {**one, "workers": {**one["workers"], **other["workers"]}}
    templates: dict[str, Any] = {}
    for spec in (one, changed):
        for obj in _objects(cluster(**spec)):
            if obj["kind"] == "Deployment":
                template = obj["spec"]["template"]
                assert templates.setdefault(obj["metadata"]["name"], template) == template


def test_a_change_of_replicas_starts_no_pod_anew() -> None:
    assert _template(cluster(workers={"replicas": 30})) == _template(cluster(workers={"replicas": 3}))


@given(specs(), st.integers(0, 40))
def test_replicas_are_those_asked_for(spec: dict[str, Any], replicas: int) -> None:
    built = cluster(**spec)
    wanted = {pool.name: replicas + number for number, pool in enumerate(built.spec.workers.pools)}
    deployments = [obj for obj in generation_objects(built, wanted) if _role(obj) == ("Deployment", "worker")]
    assert [obj["spec"]["replicas"] for obj in deployments] == list(wanted.values())


def test_workers_announce_themselves_at_a_service_of_their_generation() -> None:
    objects = _objects(cluster())
    (config,) = [obj["data"]["config.properties"] for obj in objects if _role(obj) == ("ConfigMap", "worker")]
    (service,) = [obj["metadata"]["name"] for obj in objects if obj["kind"] == "Service"]
    assert f"discovery.uri=http://{service}:8080" in config.splitlines()


@pytest.mark.parametrize("uid", [UID, ""])
@given(spec=specs())
def test_every_object_says_whose_it_is(uid: str, spec: dict[str, Any]) -> None:
    built = cluster(uid=uid, **spec)
    for obj in _all_objects(built):
        metadata = obj["metadata"]
        assert metadata["namespace"] == "analytics"
        assert metadata["labels"]["prestooperator.io/cluster"] == "adhoc"
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "presto-operator"
        if not uid:
            assert "ownerReferences" not in metadata
            continue
        (owner,) = metadata["ownerReferences"]
        assert (owner["apiVersion"], owner["kind"]) == ("prestooperator.io/v1alpha1", "PrestoCluster")
        assert (owner["name"], owner["uid"], owner["controller"]) == ("adhoc", UID, True)


@given(specs())
def test_selectors_select_pods_that_there_are(spec: dict[str, Any]) -> None:
    objects = _all_objects(cluster(**spec))
    templates = [obj["spec"]["template"]["metadata"]["labels"] for obj in objects if obj["kind"] == "Deployment"]
    selectors = 0
    for obj in objects:
        if obj["kind"] == "Deployment":
            selector = obj["spec"]["selector"]["matchLabels"]
            # Its own pods and no other Deployment's.
            assert [labels for labels in templates if selector.items() <= labels.items()] == [
                obj["spec"]["template"]["metadata"]["labels"]
            ]
        elif obj["kind"] == "Service":
            selector = obj["spec"]["selector"]
        elif obj["kind"] == "PodDisruptionBudget":
            selector = obj["spec"]["selector"]["matchLabels"]
        else:
            continue
        selectors += 1
        assert selector
        assert any(selector.items() <= labels.items() for labels in templates)
    assert selectors == len(templates) + 5


def test_clients_are_led_to_one_generation_only() -> None:
    services = [obj for obj in cluster_objects(cluster(), "cafe0001", None) if obj["metadata"]["name"] == "adhoc"]
    assert [obj["spec"]["selector"][GENERATION_LABEL] for obj in services] == ["cafe0001"]
    assert services[0]["spec"]["selector"][ROLE_LABEL] == "coordinator"


def test_the_longest_names_fit() -> None:
    longest = cluster(
        name="a" * 38,
        namespace="n" * 63,
        version="0.287.1-" + "x" * 24,
        workers={"pools": [{"name": "b" * 15}, {"name": "c" * 15}]},
        catalogs={"d" * 63: {"properties": {"connector.name": "tpch"}}},
    )
    names = [obj["metadata"]["name"] for obj in _all_objects(longest)]
    assert max(len(name) for name in names) <= 63
    assert len({(obj["kind"], obj["metadata"]["name"]) for obj in _all_objects(longest)}) == len(names)
    assert all(re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name) for name in names)


@pytest.mark.parametrize("version", ["0.287", "0.287.1-SNAPSHOT", "0.287-our.2", "0.287-" + "x" * 26])
def test_label_values_are_what_kubernetes_takes(version: str) -> None:
    for obj in _all_objects(cluster(version=version)):
        for value in obj["metadata"]["labels"].values():
            assert re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", value)


@given(specs())
def test_every_config_map_that_is_mounted_is_among_the_objects(spec: dict[str, Any]) -> None:
    built = cluster(**spec)
    mounted = set()
    for obj in _objects(built):
        if obj["kind"] == "Deployment":
            for volume in obj["spec"]["template"]["spec"]["volumes"]:
                mounted |= {source["configMap"]["name"] for source in volume.get("projected", {}).get("sources", [])}
    assert mounted == _names(built, "ConfigMap")


@given(specs())
def test_the_catalogs_that_are_mounted_are_those_of_the_spec(spec: dict[str, Any]) -> None:
    for obj in _objects(cluster(**spec)):
        if obj["kind"] == "Deployment":
            assert _catalog_paths(obj) == {f"catalog/{name}.properties" for name in spec["catalogs"]}


@given(specs(), specs())
def test_config_maps_are_immutable_and_named_by_their_content(one: dict[str, Any], other: dict[str, Any]) -> None:
    config_maps = [obj for spec in (one, other) for obj in _objects(cluster(**spec)) if obj["kind"] == "ConfigMap"]
    data_by_name: dict[str, dict[str, str]] = {}
    for obj in config_maps:
        assert obj["immutable"] is True
        assert data_by_name.setdefault(obj["metadata"]["name"], obj["data"]) == obj["data"]
    name_by_data = {_frozen(obj): obj["metadata"]["name"] for obj in config_maps}
    assert all(name_by_data[_frozen(obj)] == obj["metadata"]["name"] for obj in config_maps)


def _frozen(config_map: KubernetesObject) -> tuple[str, frozenset[tuple[str, str]]]:
    prefix: str = config_map["metadata"]["name"].rpartition("-")[0]
    return prefix, frozenset(config_map["data"].items())


def _all_objects(cluster: PrestoCluster) -> list[KubernetesObject]:
    return [*cluster_objects(cluster, generation_name(cluster), None), *_objects(cluster)]


def _names(cluster: PrestoCluster, kind: str) -> set[str]:
    return {obj["metadata"]["name"] for obj in _objects(cluster) if obj["kind"] == kind}


def _role(obj: KubernetesObject) -> tuple[str, str]:
    return obj["kind"], obj["metadata"]["labels"].get(ROLE_LABEL, "")


def _template(cluster: PrestoCluster) -> KubernetesObject:
    (template,) = [obj["spec"]["template"] for obj in _objects(cluster) if _role(obj) == ("Deployment", "worker")]
    assert isinstance(template, dict)
    return template


def _catalog_paths(deployment: KubernetesObject) -> set[str]:
    return {
        item["path"]
        for volume in deployment["spec"]["template"]["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        for item in source["configMap"].get("items", [])
        if item["path"].startswith("catalog/")
    }


def _backwards(value: Any) -> Any:
    """`value` with the keys of every map in the opposite order."""
    if isinstance(value, dict):
        return {name: _backwards(item) for name, item in reversed(value.items())}
    if isinstance(value, list):
        return [_backwards(item) for item in value]
    return value

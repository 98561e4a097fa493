"""What a roll-out says has changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presto_operator.api import PrestoCluster, SourceObject, parse_cluster
from presto_operator.desired import Generation, render_generation
from presto_operator.desired.parts import changed_parts, parts_of
from presto_operator.objects import KubernetesObject
from tests.unit.manifest import cluster, manifest

_TPCH = {"tpch": {"properties": {"connector.name": "tpch"}}}

_CHANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "version": (
        {"version": "0.288"},
        ["the image", "the version"],
    ),
    "image": ({"image": {"repository": "registry/presto"}}, ["the image"]),
    "pull secret": ({"image": {"pullSecrets": ["registry"]}}, ["the image"]),
    "sysctl": ({"sysctls": {"net.core.somaxconn": "1024"}}, ["the sysctls (added)"]),
    "service account": ({"serviceAccount": {"name": "theirs"}}, ["the serviceAccount (added)"]),
    "identity": ({"serviceAccount": {"annotations": {"a/b": "c"}}}, ["the serviceAccount (added)"]),
    "catalog": ({"catalogs": _TPCH}, ["the catalog tpch (added)"]),
    "plugin": (
        {"plugins": [{"name": "udfs", "image": "registry/udfs:1", "path": "/udfs"}]},
        ["the plugin udfs (added)"],
    ),
    "coordinator's config": (
        {"coordinator": {"config": {"query.max-memory": "1GB"}}},
        ["the coordinator's config.properties"],
    ),
    "coordinator's heap": ({"coordinator": {"jvm": {"heapPercent": 60}}}, ["the coordinator's jvm.config"]),
    "coordinator's memory": (
        {"coordinator": {"resources": {"limits": {"memory": "8Gi"}}}},
        ["the coordinator's jvm.config", "the coordinator's resources"],
    ),
    "coordinator's nodes": ({"coordinator": {"capacityType": "OnDemand"}}, ["the coordinator's placement"]),
    "resource groups": (
        {
            "resourceGroups": {
                "rootGroups": [{"name": "all", "softMemoryLimit": "80%", "maxQueued": 1, "hardConcurrencyLimit": 1}],
                "selectors": [],
            }
        },
        ["the coordinator's resource-groups.json (added)", "the coordinator's resource-groups.properties (added)"],
    ),
    "workers' JVM": ({"workers": {"jvm": {"extraArgs": ["-Da=b"]}}}, ["the workers' jvm.config"]),
    "workers' config": ({"workers": {"config": {"task.concurrency": "16"}}}, ["the workers' config.properties"]),
    "workers' log levels": (
        {"workers": {"logLevels": {"com.facebook.presto": "DEBUG"}}},
        ["the workers' log.properties (added)"],
    ),
    "workers' env": ({"workers": {"env": [{"name": "A", "value": "b"}]}}, ["the workers' env (added)"]),
    "workers' ulimits": ({"workers": {"ulimits": {"nofile": 5000}}}, ["the workers' ulimits (added)"]),
    "workers' volumes": (
        {"workers": {"volumes": [{"name": "spill", "mountPath": "/spill", "source": {"emptyDir": {}}}]}},
        ["the workers' volumes (added)"],
    ),
    "workers' overrides": (
        {"workers": {"podOverrides": {"spec": {"priorityClassName": "batch"}}}},
        ["the workers' podOverrides (added)"],
    ),
    "drain": ({"workers": {"drain": {"timeout": "1h"}}}, ["the workers' drain"]),
    "shutdown": (
        {"workers": {"drain": {"gracePeriod": "61s"}}},
        ["the workers' drain", "the workers' config.properties"],
    ),
    "pool": (
        {"workers": {"pools": [{"name": "workers", "nodeSelector": {"pool": "r5"}}]}},
        ["the pool workers"],
    ),
    "pools": (
        {"workers": {"pools": [{"name": "r5"}]}},
        ["the pool r5 (added)", "the pool workers (removed)"],
    ),
    "spot": (
        {"workers": {"pools": [{"name": "workers", "capacityType": "Spot"}]}},
        ["the coordinator's config.properties", "the pool workers", "the workers' config.properties"],
    ),
}


@pytest.mark.parametrize(("spec", "words"), _CHANGES.values(), ids=_CHANGES.keys())
def test_a_change_is_named(spec: dict[str, Any], words: list[str]) -> None:
    assert changed_parts(_parts(cluster()), _parts(cluster(**spec))) == words


def test_a_removal_is_named_as_one() -> None:
    assert changed_parts(_parts(cluster(catalogs=_TPCH)), _parts(cluster())) == ["the catalog tpch (removed)"]


@pytest.mark.parametrize(
    "workers",
    [
        {"replicas": 30},
        {"rollout": {"maxSurge": 5}},
        {"podOverrides": {"spec": {}, "metadata": {"labels": {}}}},
        {"drain": {"timeout": "1800s"}},
    ],
    ids=str,
)
def test_what_starts_no_pod_anew_is_no_change(workers: dict[str, Any]) -> None:
    assert changed_parts(_parts(cluster()), _parts(cluster(workers=workers))) == []


def test_what_no_part_names_is_the_pod_template() -> None:
    parts = dict(_parts(cluster()))
    other_release = {**parts, "workers/podTemplate": "cafe0001"}
    assert changed_parts(parts, other_release) == ["the workers' pod template"]
    both = {**other_release, "workers/etc/server.sh": "cafe0002"}
    assert changed_parts(parts, both) == ["the workers' server.sh"]


def test_nothing_is_said_of_servers_whose_parts_are_unknown() -> None:
    assert changed_parts({}, _parts(cluster())) == []
    assert changed_parts(_parts(cluster()), {}) == []


def test_each_deployment_carries_its_own_parts_and_all_together_are_the_generations() -> None:
    generation = render_generation(cluster(workers={"pools": [{"name": "r5"}, {"name": "r6"}]}, catalogs=_TPCH))
    coordinator = parts_of(generation.coordinator)
    workers = {pool: parts_of(revision.deployment(1)) for pool, revision in generation.workers.items()}
    assert "catalog/tpch" in coordinator
    assert not [part for part in coordinator if part.startswith(("workers/", "pool/"))]
    for pool, parts in workers.items():
        assert [part for part in parts if part.startswith("pool/")] == [f"pool/{pool}"]
        assert not [part for part in parts if part.startswith("coordinator/")]
    assert generation.parts == {**coordinator, **workers["r5"], **workers["r6"]}


@pytest.mark.parametrize("annotation", [None, "", "{", "[]", "3"])
def test_an_annotation_that_says_nothing_is_no_parts(annotation: str | None) -> None:
    deployment: KubernetesObject = {"metadata": {"name": "adhoc-coordinator-cafe0001"}}
    if annotation is not None:
        deployment["metadata"]["annotations"] = {"prestooperator.io/parts": annotation}
    assert parts_of(deployment) == {}


def test_a_changed_secret_is_named_and_its_contents_are_in_no_hash() -> None:
    catalog = {
        "properties": {"connector.name": "mysql"},
        "secretProperties": {"connection-password": {"name": "db", "key": "password"}},
    }

    def built(password: str, **more: Any) -> PrestoCluster:
        sources = {SourceObject("Secret", "db"): {"password": password}}
        return parse_cluster(manifest(catalogs={"mysql": catalog, **more}), sources)

    before, after = _rendered(built("hunter2")), _rendered(built("hunter3"))
    assert changed_parts(before.parts, after.parts) == ["the secrets of the catalogs"]
    assert before.parts["catalog/mysql"] == after.parts["catalog/mysql"]
    (name,) = [obj["metadata"]["name"] for obj in before.files if obj["kind"] == "Secret"]
    assert name.endswith(before.parts["catalogSecrets"])
    assert changed_parts(before.parts, _parts(built("hunter2", **_TPCH))) == ["the catalog tpch (added)"]


def test_a_changed_secret_of_a_variable_is_named_by_the_pods_salted_hash() -> None:
    variable = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}

    def built(password: str) -> Generation:
        sources = {SourceObject("Secret", "db"): {"password": password}}
        return _rendered(parse_cluster(manifest(workers={"env": [variable]}), sources))

    before, after = built("hunter2"), built("hunter3")
    assert changed_parts(before.parts, after.parts) == ["the workers' env values"]
    template = before.workers["workers"].deployment(1)["spec"]["template"]
    assert before.parts["workers/envValues"] == template["metadata"]["annotations"]["prestooperator.io/environment"]


_PROPERTIES = st.dictionaries(st.sampled_from(["a", "b.c"]), st.sampled_from(["1", "2"]), max_size=2)
_ROLE = st.fixed_dictionaries(
    {},
    optional={
        "config": _PROPERTIES,
        "nodeProperties": _PROPERTIES,
        "jvm": st.fixed_dictionaries({"heapPercent": st.sampled_from([50, 60])}),
        "env": st.sampled_from([[], [{"name": "A", "value": "1"}], [{"name": "A", "value": "2"}]]),
        "ulimits": st.sampled_from([{}, {"nofile": 5000}, {"core": 0}]),
        "podOverrides": st.sampled_from(
            [{}, {"spec": {"priorityClassName": "batch"}}, {"metadata": {"labels": {"a": "b"}}}]
        ),
        "initContainers": st.sampled_from([[], [{"name": "a", "image": "b"}]]),
    },
)
_SPECS = st.fixed_dictionaries(
    {},
    optional={
        "version": st.sampled_from(["0.287", "0.295"]),
        "image": st.sampled_from([{}, {"tag": "0.287"}, {"pullPolicy": "Always"}]),
        "coordinator": _ROLE,
        "workers": _ROLE,
        "catalogs": st.sampled_from([{}, _TPCH]),
        "sysctls": st.sampled_from([{}, {"net.core.somaxconn": "1024"}]),
        "serviceAccount": st.sampled_from([{}, {"name": "a"}, {"annotations": {"a/b": "c"}}]),
    },
)


@given(_SPECS, _SPECS)
def test_other_pods_are_never_without_a_changed_part(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = _rendered(cluster(**one)), _rendered(cluster(**other))
    pods_differ = before.name != after.name or before.worker_deployments != after.worker_deployments
    assert bool(changed_parts(before.parts, after.parts)) == pods_differ


def test_the_annotation_is_not_on_the_pods() -> None:
    for obj in _rendered(cluster()).objects({"workers": 1}):
        if obj["kind"] == "Deployment":
            assert "prestooperator.io/parts" in obj["metadata"]["annotations"]
            assert "prestooperator.io/parts" not in json.dumps(obj["spec"])


def _rendered(built: PrestoCluster) -> Generation:
    return render_generation(built)


def _parts(built: PrestoCluster) -> Any:
    return render_generation(built).parts

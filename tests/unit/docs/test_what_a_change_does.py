"""The table "What a change does" of docs/rollout.md, by what the operator renders before and after each change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal

import pytest

from presto_operator.api import PrestoClusterSpec, SourceObject, parse_cluster
from tests.unit.generations import generation_name, generation_objects
from tests.unit.manifest import manifest

PAGE = Path(__file__).parents[3] / "docs" / "rollout.md"

Effect = Literal["number of workers", "restarts nothing", "new workers", "new generation"]

_SPEC: dict[str, Any] = {
    "image": {"tag": "a"},
    "coordinator": {"drainTimeout": "1m", "config": {"a": "b"}},
    "workers": {"pools": [{"name": "spot", "capacityType": "Spot"}, {"name": "base"}], "config": {"a": "b"}},
    "catalogs": {"tpch": {"properties": {"connector.name": "tpch"}}},
    "metastore": {"uris": ["thrift://metastore:9083"]},
    "resourceGroups": {
        "rootGroups": [{"name": "all", "softMemoryLimit": "80%", "maxQueued": 1, "hardConcurrencyLimit": 1}],
        "selectors": [{"group": "all"}],
    },
    "autoscaling": {"maxReplicas": 9},
}
_SOURCES: Mapping[SourceObject, Mapping[str, str]] = {
    SourceObject("ConfigMap", "shared"): {"jmx.properties": "connector.name=jmx"}
}

CHANGES: dict[Effect, dict[str, Any]] = {
    "number of workers": {
        "workers.replicas": 5,
        "workers.pools.0.minReplicas": 1,
        "workers.pools.0.maxReplicas": 3,
        "workers.pools.0.pricePerHour": "0.4",
    },
    "restarts nothing": {
        "workers.rollout": {"maxSurge": 3},
        "workers.placement": {"unschedulableAfter": "5m"},
        "coordinator.drainTimeout": "5m",
        "metastore.healthCheck": "Connect",
        "allowNodeSysctls": True,
        "networkPolicy": {"enabled": False},
        "autoscaling": {"maxReplicas": 7},
    },
    "new workers": {
        "workers.config": {"a": "c"},
        "workers.drain": {"timeout": "5m"},
        "workers.pools.0.instanceTypes": ["r5.4xlarge"],
    },
    "new generation": {
        "version": "0.283",
        "image": {"tag": "b"},
        "coordinator.config": {"a": "c"},
        "catalogs": {},
        "catalogsFrom": [{"configMap": "shared"}],
        "metastore.uris": ["thrift://other:9083"],
        "resourceGroups.rootGroups.0.maxQueued": 2,
        "sessionPropertyRules": [{"user": "a", "sessionProperties": {"query_max_run_time": "1h"}}],
        "queryRetry": {"enabled": False},
        "plugins": [{"name": "udfs", "image": "udfs:1", "path": "/plugin"}],
        "sysctls": {"net.ipv4.tcp_keepalive_time": "60"},
        "serviceAccount": {"name": "other"},
        "podSecurity": {"profile": "Baseline"},
        "autoscaling.scaleToZero": {"idleAfter": "1h"},
        # The page's sentence below the table: no pool is Spot any more.
        "workers.pools.0.capacityType": "OnDemand",
    },
}


@pytest.mark.parametrize(
    ("effect", "path"), [(effect, path) for effect, changes in CHANGES.items() for path in changes]
)
def test_a_change_does_what_the_page_says(effect: Effect, path: str) -> None:
    changed = deepcopy(_SPEC)
    _set(changed, path.split("."), CHANGES[effect][path])
    before, after = _rendered(_SPEC), _rendered(changed)
    has_new_generation = before[0] != after[0]
    assert has_new_generation == (effect == "new generation")
    if not has_new_generation:
        assert (before[1] != after[1]) == (effect == "new workers")


def test_the_page_has_every_field_of_the_spec() -> None:
    section = PAGE.read_text().partition("## What a change does")[2].partition("\n## ")[0]
    named = {name.partition(".")[0] for name in re.findall(r"`(\w+(?:\.\w+)*)`", section)}
    fields = {field.alias or name for name, field in PrestoClusterSpec.model_fields.items()}
    assert fields <= named
    assert fields == {path.partition(".")[0] for changes in CHANGES.values() for path in changes}


def _set(fields: Any, path: list[str], value: Any) -> None:
    *parents, last = path
    for parent in parents:
        fields = fields[int(parent)] if isinstance(fields, list) else fields[parent]
    fields[last] = value


def _rendered(spec: dict[str, Any]) -> tuple[str, set[str]]:
    """The generation's name, and the names of its workers' Deployments."""
    cluster = parse_cluster(manifest(**spec), _SOURCES)
    replicas = {pool.name: 1 for pool in cluster.spec.workers.pools}
    objects = generation_objects(cluster, replicas)
    labels = [obj["metadata"] for obj in objects if obj["kind"] == "Deployment"]
    return generation_name(cluster), {
        each["name"] for each in labels if each["labels"]["prestooperator.io/role"] == "worker"
    }

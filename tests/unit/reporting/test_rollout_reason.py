from __future__ import annotations

from typing import Any

import pytest

from presto_operator.api import PrestoCluster
from presto_operator.planning.observation import Observation
from presto_operator.reporting.rollout_reason import rollout_reason
from tests.unit.live import observation, planned
from tests.unit.manifest import cluster

NOTHING = Observation((), (), None)
_WORKERS: dict[str, Any] = {"replicas": 2, "pools": [{"name": "r5"}, {"name": "r6"}]}
_HIVE = {"hive": {"properties": {"connector.name": "hive-hadoop2", "hive.metastore.uri": "thrift://hive:9083"}}}
OLD = cluster(workers=_WORKERS)


def _reason(old: PrestoCluster, new: PrestoCluster) -> str:
    """Why `new` replaces `old`, which serves."""
    plan = planned(old, NOTHING)
    seen = observation(plan.apply)
    return rollout_reason(seen, planned(new, seen), plan.wanted_generation)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"workers": {**_WORKERS, "jvm": {"extraArgs": ["-Da=b"]}}}, "the workers' jvm.config changed"),
        ({"workers": {**_WORKERS, "config": {"task.concurrency": "4"}}}, "the workers' config.properties changed"),
        (
            {"workers": {**_WORKERS, "pools": [{"name": "r5", "nodeSelector": {"a": "b"}}, {"name": "r6"}]}},
            "the pool r5 changed",
        ),
        ({"workers": {**_WORKERS, "pools": [{"name": "r5"}]}}, "the pool r6 was removed"),
        ({"version": "0.288", "workers": _WORKERS}, "the image and the version changed"),
        (
            {"version": "0.288", "catalogs": _HIVE, "workers": _WORKERS},
            "the image and the version changed and the catalog hive was added",
        ),
        ({"catalogs": _HIVE, "workers": _WORKERS}, "the catalog hive was added"),
        (
            {"coordinator": {"jvm": {"heapPercent": 70}}, "workers": {**_WORKERS, "jvm": {"heapPercent": 70}}},
            "the coordinator's jvm.config and the workers' jvm.config changed",
        ),
    ],
)
def test_a_roll_out_names_what_changed(changed: dict[str, Any], reason: str) -> None:
    assert _reason(OLD, cluster(**changed)) == reason


@pytest.mark.parametrize("replicas", [2, 3])
def test_nothing_is_said_where_nothing_is_rolled_out(replicas: int) -> None:
    assert _reason(OLD, cluster(workers={**_WORKERS, "replicas": replicas})) == ""


def test_nothing_is_said_of_servers_that_do_not_say_what_they_consist_of() -> None:
    plan = planned(OLD, NOTHING)
    seen = observation(plan.apply)
    for child in seen.children:
        child["metadata"].pop("annotations", None)
    changed = cluster(workers={**_WORKERS, "jvm": {"extraArgs": ["-Da=b"]}})
    assert rollout_reason(seen, planned(changed, seen), plan.wanted_generation) == ""

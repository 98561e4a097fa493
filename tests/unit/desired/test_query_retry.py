from __future__ import annotations

from typing import Any

import pytest

from presto_operator.desired.query_retry import retry_warnings
from presto_operator.presto import parse_properties
from tests.unit.generations import generation_name, generation_objects
from tests.unit.manifest import cluster

_SPOT = {"pools": [{"name": "spot", "capacityType": "Spot"}]}


def _config(role: str, **spec: Any) -> dict[str, str]:
    described = cluster(**spec)
    objects = generation_objects(described, {pool.name: 1 for pool in described.spec.workers.pools})
    (files,) = [
        obj["data"]
        for obj in objects
        if obj["kind"] == "ConfigMap" and obj["metadata"]["labels"].get("prestooperator.io/role") == role
    ]
    return parse_properties(files["config.properties"])


@pytest.mark.parametrize("spec", [{"workers": _SPOT}, {"queryRetry": {"enabled": True}}])
def test_retry_is_rendered_for_both_roles(spec: dict[str, Any]) -> None:
    assert _config("coordinator", **spec)["per-query-retry-limit"] == "3"
    assert _config("worker", **spec)["exchange.max-error-duration"] == "10s"
    assert "per-query-retry-limit" not in _config("worker", **spec)


def test_users_properties_win() -> None:
    config = _config("coordinator", workers=_SPOT, coordinator={"config": {"per-query-retry-limit": "1"}})
    assert config["per-query-retry-limit"] == "1"
    assert config["query.remote-task.max-error-duration"] == "10s"


@pytest.mark.parametrize("spec", [{}, {"workers": _SPOT, "queryRetry": {"enabled": False}}])
def test_without_retry_nothing_is_rendered(spec: dict[str, Any]) -> None:
    for role in ("coordinator", "worker"):
        assert not {name for name in _config(role, **spec) if "retry" in name or "max-error-duration" in name}


def test_pools_without_spot_leave_the_generation_alone() -> None:
    on_demand = {"pools": [{"name": "base", "capacityType": "OnDemand", "pricePerHour": "1.01"}]}
    assert generation_name(cluster(workers=on_demand)) == generation_name(cluster())
    assert generation_name(cluster(workers=_SPOT)) != generation_name(cluster())


_RULE = {"user": "etl", "sessionProperties": {"query_retry_limit": "0"}}


@pytest.mark.parametrize(
    ("spec", "places"),
    [
        ({}, []),
        ({"coordinator": {"config": {"per-query-retry-limit": "0"}}}, []),
        ({"workers": _SPOT}, []),
        ({"workers": _SPOT, "queryRetry": {"enabled": False}}, ["spec.queryRetry.enabled"]),
        ({"queryRetry": {"enabled": False}}, []),
        (
            {"workers": _SPOT, "coordinator": {"config": {"per-query-retry-limit": "0"}}},
            ["spec.coordinator.config[per-query-retry-limit]"],
        ),
        (
            {"workers": _SPOT, "sessionPropertyRules": [_RULE]},
            ["spec.sessionPropertyRules[0].sessionProperties[query_retry_limit]"],
        ),
        ({"workers": _SPOT, "version": "0.251"}, ["spec.version"]),
    ],
)
def test_what_defeats_the_retry_is_said_with_its_field(spec: dict[str, Any], places: list[str]) -> None:
    assert [warning.split(": ")[0] for warning in retry_warnings(cluster(**spec).spec)] == places

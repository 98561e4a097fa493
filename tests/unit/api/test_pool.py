from __future__ import annotations

from typing import Any

import pytest

from presto_operator.api import InvalidClusterError, crd, parse_cluster
from tests.unit.api.api_server import refusals
from tests.unit.manifest import manifest


def _pool(**fields: Any) -> dict[str, Any]:
    return {"pools": [{"name": "spot", **fields}]}


def test_a_pool_says_what_its_nodes_are() -> None:
    workers = _pool(capacityType="Spot", instanceTypes=["r5.4xlarge"], zones=["us-east-1a"], pricePerHour="0.40")
    pool = parse_cluster(manifest(workers=workers)).spec.workers.pools[0]
    assert (pool.capacity_type, pool.instance_types, pool.zones) == ("Spot", ("r5.4xlarge",), ("us-east-1a",))
    assert pool.price_per_hour == "0.40"


def test_any_node_will_do_by_default() -> None:
    spec = parse_cluster(manifest()).spec
    pool = spec.workers.pools[0]
    assert (pool.capacity_type, pool.instance_types, pool.zones, pool.price_per_hour) == ("Any", (), (), None)
    assert spec.coordinator.capacity_type == "Any"
    assert spec.workers.placement.longest_wait.total_seconds() == 120
    assert spec.workers.placement.penalty.total_seconds() == 900


_BAD_WORKERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown capacity type": (_pool(capacityType="spot"), "pools[0].capacityType", "'OnDemand'"),
    "price as a number": (_pool(pricePerHour=0.4), "pools[0].pricePerHour", "put it in quotes"),
    "no price at all": (_pool(pricePerHour="0"), "pools[0].pricePerHour", "above 0"),
    "price of nothing": (_pool(pricePerHour="0.000"), "pools[0].pricePerHour", "above 0"),
    "negative price": (_pool(pricePerHour="-1"), "pools[0].pricePerHour", '"0.40"'),
    "price with a currency": (_pool(pricePerHour="$0.40"), "pools[0].pricePerHour", '"0.40"'),
    "price with a line feed": (_pool(pricePerHour="0.40\n"), "pools[0].pricePerHour", '"0.40"'),
    "one type twice": (
        _pool(instanceTypes=["a", "b", "a"]),
        "pools[0].instanceTypes[2]",
        'must be unique, but item 0 of the list has "a" too',
    ),
    "one zone twice": (_pool(zones=["a", "a"]), "pools[0].zones[1]", "must be unique"),
    "no label value": (_pool(instanceTypes=["r5 large"]), "pools[0].instanceTypes[0]", "must be a label's value"),
    "impatient": (
        {"placement": {"unschedulableAfter": "9s"}},
        "placement.unschedulableAfter",
        "must be from 10s to 1h",
    ),
    "too patient": (
        {"placement": {"unschedulableAfter": "2h"}},
        "placement.unschedulableAfter",
        "must be from 10s to 1h",
    ),
    "forgiving": ({"placement": {"reclaimPenalty": "30s"}}, "placement.reclaimPenalty", "must be from 1m to 24h"),
    "unforgiving": ({"placement": {"reclaimPenalty": "25h"}}, "placement.reclaimPenalty", "must be from 1m to 24h"),
}


@pytest.mark.parametrize("name", _BAD_WORKERS)
def test_bad_workers_are_refused_with_field_and_remedy(name: str) -> None:
    workers, path, message = _BAD_WORKERS[name]
    with pytest.raises(InvalidClusterError) as refused:
        parse_cluster(manifest(workers=workers))
    assert [error.path for error in refused.value.errors] == [f"spec.workers.{path}"]
    assert message in refused.value.errors[0].message


@pytest.mark.parametrize(
    ("price", "is_right"),
    [("0.40", True), ("1", True), ("12.5", True), ("999999.999999", True), ("0.000001", True), ("0.100000", True)]
    + [(price, False) for price in ("0", "0.0", "00.1", "1.", ".5", "1e3", "1000000", "0.0000001", "", "0.4 ")],
)
def test_schema_and_model_agree_on_prices(price: str, *, is_right: bool) -> None:
    versions = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    schema = versions["spec"]["properties"]["workers"]["properties"]["pools"]["items"]["properties"]["pricePerHour"]
    assert (refusals(schema, price) == []) is is_right
    body = manifest(workers=_pool(pricePerHour=price))
    if is_right:
        assert parse_cluster(body).spec.workers.pools[0].price_per_hour == price
    else:
        with pytest.raises(InvalidClusterError, match="pricePerHour"):
            parse_cluster(body)


_SPOT = {"name": "spot", "capacityType": "Spot"}
_BASE = {"name": "base", "capacityType": "OnDemand"}


@pytest.mark.parametrize(
    ("spec", "is_on"),
    [
        ({}, False),
        ({"workers": {"pools": [_BASE]}}, False),
        ({"workers": {"pools": [_BASE, _SPOT]}}, True),
        ({"workers": {"pools": [_BASE, _SPOT]}, "queryRetry": {}}, True),
        ({"workers": {"pools": [_SPOT]}, "queryRetry": {"enabled": False}}, False),
        ({"queryRetry": {"enabled": True}}, True),
    ],
)
def test_queries_are_retried_on_spot_by_default(spec: dict[str, Any], *, is_on: bool) -> None:
    assert parse_cluster(manifest(**spec)).spec.retries_queries is is_on

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from presto_operator.api import Autoscaling, InvalidClusterError, tolerance_value
from tests.unit.manifest import cluster


def _autoscaling(**fields: Any) -> Autoscaling:
    found = cluster(autoscaling={"maxReplicas": 20, **fields}).spec.autoscaling
    assert found is not None
    return found


def _schedule(**fields: Any) -> dict[str, Any]:
    given = {"name": "office", "start": "0 8 * * 1-5", "end": "0 20 * * 1-5", "minReplicas": 3, **fields}
    return {name: value for name, value in given.items() if value is not None}


def test_there_is_none_by_default() -> None:
    assert cluster().spec.autoscaling is None


def test_defaults_are_those_of_hpa_but_for_the_windows() -> None:
    found = _autoscaling()
    assert (found.mode, found.min_replicas, found.scale_to_zero, found.schedules) == ("Active", 1, None, ())
    assert (found.targets.queries_per_worker, found.targets.worker_cpu_percent) == ("0.5", 65)
    up, down = found.behavior.scale_up, found.behavior.scale_down
    assert (up.stabilization_window_seconds, up.select_policy, up.tolerance) == (15, "Max", "0.1")
    assert [(rule.type, rule.value, rule.period_seconds) for rule in up.policies] == [
        ("Pods", 4, 15),
        ("Percent", 100, 15),
    ]
    assert (down.stabilization_window_seconds, down.select_policy, down.tolerance) == (600, "Max", "0.1")
    assert [(rule.type, rule.value, rule.period_seconds) for rule in down.policies] == [("Percent", 100, 15)]


def test_a_target_that_is_named_is_the_only_one() -> None:
    assert _autoscaling(targets={"workerCPUPercent": 60}).targets.queries_per_worker is None
    assert _autoscaling(targets={"queriesPerWorker": "0.5"}).targets.worker_cpu_percent is None


def test_a_schedule_is_in_utc_by_default() -> None:
    (schedule,) = _autoscaling(schedules=[_schedule()]).schedules
    assert schedule.time_zone == "UTC"
    (schedule,) = _autoscaling(schedules=[_schedule(timeZone="America/Argentina/Buenos_Aires")]).schedules
    assert schedule.time_zone == "America/Argentina/Buenos_Aires"


def test_idleness_is_half_an_hour_by_default() -> None:
    found = _autoscaling(scaleToZero={}).scale_to_zero
    assert found is not None
    assert found.idle_after == "30m"


_BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no maximum": ({"maxReplicas": None}, "maxReplicas", "whole number"),
    "unknown mode": ({"mode": "On"}, "mode", "'Active', 'Advisory' or 'Off'"),
    "Off without quotes": ({"mode": False}, "mode", "'Active', 'Advisory' or 'Off'"),
    "minimum above the maximum": (
        {"minReplicas": 30},
        "",
        "must not be greater than maxReplicas (30 > 20)",
    ),
    "minimum of nothing": ({"minReplicas": 0}, "minReplicas", "greater than or equal to 1"),
    "too many": ({"maxReplicas": 1001}, "maxReplicas", "less than or equal to 1000"),
    "no target": ({"targets": {}}, "targets", "set at least one of queriesPerWorker and workerCPUPercent"),
    "queries as a number": ({"targets": {"queriesPerWorker": 2}}, "targets.queriesPerWorker", "put it in quotes"),
    "no queries": ({"targets": {"queriesPerWorker": "0.0"}}, "targets.queriesPerWorker", "above 0"),
    "too much CPU": ({"targets": {"workerCPUPercent": 101}}, "targets.workerCPUPercent", "less than or equal to 100"),
    "CPU as text": ({"targets": {"workerCPUPercent": "75"}}, "targets.workerCPUPercent", "without quotes"),
    "CPU in camel case": ({"targets": {"workerCpuPercent": 75}}, "targets.workerCpuPercent", "unknown field"),
    "cron of three fields": ({"schedules": [_schedule(start="0 8 *")]}, "schedules[0].start", "has 3"),
    "cron with seconds": ({"schedules": [_schedule(end="0 0 8 * * *")]}, "schedules[0].end", "has 6"),
    "cron with an hour 25": ({"schedules": [_schedule(start="0 25 * * *")]}, "schedules[0].start", "Bad hour"),
    "cron of a day that never comes": (
        {"schedules": [_schedule(start="0 0 31 2 *")]},
        "schedules[0].start",
        "must be a cron expression",
    ),
    "no time zone": ({"schedules": [_schedule(timeZone="Mars/Olympus")]}, "schedules[0].timeZone", "Mars/Olympus"),
    "time zone that is a path": ({"schedules": [_schedule(timeZone="../etc")]}, "schedules[0].timeZone", "../etc"),
    "schedule that bounds nothing": (
        {"schedules": [_schedule(minReplicas=None)]},
        "schedules[0]",
        "set at least one of minReplicas and maxReplicas",
    ),
    "schedule that ends as it begins": (
        {"schedules": [_schedule(end="0  8 * * 1-5")]},
        "schedules[0]",
        "start and end must be different",
    ),
    "schedule's bounds out of order": (
        {"schedules": [_schedule(minReplicas=9, maxReplicas=8)]},
        "schedules[0]",
        "(9 > 8)",
    ),
    "schedule above the maximum": (
        {"schedules": [_schedule(), _schedule(name="b", minReplicas=21)]},
        "schedules[1].minReplicas",
        "(21 > 20)",
    ),
    "schedule that lifts the maximum": (
        {"schedules": [_schedule(maxReplicas=40)]},
        "schedules[0].maxReplicas",
        "(40 > 20)",
    ),
    "two of one name": ({"schedules": [_schedule(), _schedule()]}, "schedules[1].name", "must be unique"),
    "window too long": (
        {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 3601}}},
        "behavior.scaleDown.stabilizationWindowSeconds",
        "3600",
    ),
    "no policy": ({"behavior": {"scaleUp": {"policies": []}}}, "behavior.scaleUp.policies", "at least 1 item"),
    "period too long": (
        {"behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 1801}]}}},
        "behavior.scaleUp.policies[0].periodSeconds",
        "1800",
    ),
    "tolerance below zero": (
        {"behavior": {"scaleUp": {"tolerance": -0.1}}},
        "behavior.scaleUp.tolerance",
        'must be a fraction such as 0.1, or a quantity such as "100m" (got "-0.1")',
    ),
    "no tolerance": ({"behavior": {"scaleUp": {"tolerance": "some"}}}, "behavior.scaleUp.tolerance", '(got "some")'),
    "no idleness": ({"scaleToZero": {"idleAfter": "10s"}}, "scaleToZero.idleAfter", "must be from 1m to 24h"),
    "endless idleness": ({"scaleToZero": {"idleAfter": "25h"}}, "scaleToZero.idleAfter", "must be from 1m to 24h"),
}


@pytest.mark.parametrize(("fields", "path", "message"), _BAD.values(), ids=_BAD.keys())
def test_a_mistake_is_named_where_it_is(fields: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(InvalidClusterError) as refused:
        _autoscaling(**fields)
    (error,) = refused.value.errors
    assert error.path == ("spec.autoscaling" + (f".{path}" if path else ""))
    assert message in error.message


@pytest.mark.parametrize("targets", [{}, {"targets": {"workerCPUPercent": 60}}], ids=["default", "set"])
def test_a_cpu_target_is_refused_where_workers_report_their_use_to_nobody(targets: dict[str, Any]) -> None:
    workers = {"config": {"internal-communication.jwt.enabled": "true"}}
    autoscaling = {"minReplicas": 1, "maxReplicas": 4, **targets}
    with pytest.raises(InvalidClusterError) as caught:
        cluster(workers=workers, autoscaling=autoscaling)
    assert str(caught.value).startswith("spec.autoscaling.targets.workerCPUPercent: ")
    assert "set only targets.queriesPerWorker" in str(caught.value)
    cluster(workers=workers, autoscaling={**autoscaling, "targets": {"queriesPerWorker": "1"}})
    cluster(autoscaling=autoscaling)


@pytest.mark.parametrize(
    ("given", "value"), [(0.05, "1/20"), ("50m", "1/20"), ("0.05", "1/20"), (0, "0"), (1, "1"), ("1500m", "3/2")]
)
def test_a_tolerance_is_a_quantity_as_in_hpa(given: object, value: str) -> None:
    settings = _autoscaling(behavior={"scaleUp": {"tolerance": given}})
    assert tolerance_value(settings.behavior.scale_up.tolerance) == Fraction(value)

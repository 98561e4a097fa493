from __future__ import annotations

from typing import Any

import pytest

from presto_operator.scaling.demand import Recommendation, demand
from tests.unit.scaling.load import autoscaling, sample


def _by(targets: dict[str, Any], wanted: int, **load: Any) -> Recommendation:
    settings = autoscaling(targets=targets)
    largest = demand(settings.targets, settings.behavior, sample(**load), wanted=wanted).largest
    assert largest is not None
    return largest


@pytest.mark.parametrize(
    ("target", "load", "workers", "message"),
    [
        ("2", {"running": 12, "queued": 9}, 11, "12 running + 9 queued at 2 per worker = 11"),
        ("0.5", {"running": 3}, 6, "3 running at 0.5 per worker = 6"),
        ("0.50", {"blocked": 1, "waiting": 2}, 6, "1 blocked + 2 waiting at 0.5 per worker = 6"),
        ("10", {}, 0, "no queries at 10 per worker = 0"),
        ("0.3", {"running": 3}, 10, "3 running at 0.3 per worker = 10"),
        (
            "1",
            {"running": 4, "held_back": 90},
            4,
            "4 running at 1 per worker = 4 (90 more held back by a resource group's limit)",
        ),
    ],
)
def test_queries_ask_for_workers(target: str, load: dict[str, Any], workers: int, message: str) -> None:
    found = _by({"queriesPerWorker": target}, 50, **load)
    assert (found.workers, found.reason, found.message) == (workers, "QueryDemand", message)


@pytest.mark.parametrize(("running", "workers"), [(17, 9), (18, 10), (20, 10), (22, 10), (23, 12)])
def test_a_need_within_the_tolerance_changes_nothing(running: int, workers: int) -> None:
    found = _by({"queriesPerWorker": "2"}, 10, running=running)
    assert found.workers == workers
    assert ("within tolerance" in found.message) == (workers == 10 and running != 20)


@pytest.mark.parametrize(
    ("wanted", "load", "workers"),
    [
        # desired = ceil(current * use / target), as HPA's documents have it.
        (2, {"active_workers": 2, "workers_with_cpu": 2, "worker_cpu_percent": 100.0}, 4),
        (4, {"active_workers": 4, "workers_with_cpu": 4, "worker_cpu_percent": 25.0}, 2),
        (10, {"active_workers": 10, "workers_with_cpu": 10, "worker_cpu_percent": 54.9}, 10),
        (10, {"active_workers": 10, "workers_with_cpu": 10, "worker_cpu_percent": 45.0}, 10),
        (10, {"active_workers": 10, "workers_with_cpu": 10, "worker_cpu_percent": 55.1}, 12),
        # Those that start are no less for being asked for already.
        (4, {"active_workers": 2, "workers_with_cpu": 2, "worker_cpu_percent": 100.0}, 4),
        (3, {"active_workers": 2, "workers_with_cpu": 2, "worker_cpu_percent": 100.0}, 4),
        # Those that tell nothing are idle on the way up and busy on the way down.
        (4, {"active_workers": 4, "workers_with_cpu": 2, "worker_cpu_percent": 100.0}, 4),
        (10, {"active_workers": 10, "workers_with_cpu": 8, "worker_cpu_percent": 10.0}, 6),
        (10, {"active_workers": 10, "workers_with_cpu": 1, "worker_cpu_percent": 0.0}, 10),
        # With those at 100 %, the fleet is within the tolerance: 8 * 40 + 2 * 100 of 10 * 50.
        (10, {"active_workers": 10, "workers_with_cpu": 8, "worker_cpu_percent": 40.0}, 10),
        # Those that are there are within the tolerance: the rest, which has not come, isn't needed.
        (140, {"active_workers": 20, "workers_with_cpu": 20, "worker_cpu_percent": 48.0}, 20),
        # More are active than there shall be, since some have not left yet.
        (3, {"active_workers": 10, "workers_with_cpu": 10, "worker_cpu_percent": 40.0}, 3),
    ],
)
def test_cpu_asks_for_workers(wanted: int, load: dict[str, Any], workers: int) -> None:
    found = _by({"workerCPUPercent": 50}, wanted, **load)
    assert (found.workers, found.reason) == (workers, "WorkerCPU")


def test_the_largest_counts() -> None:
    targets = {"queriesPerWorker": "1", "workerCPUPercent": 50}
    busy = {"active_workers": 4, "workers_with_cpu": 4, "worker_cpu_percent": 100.0}
    assert _by(targets, 4, running=2, **busy).reason == "WorkerCPU"
    assert _by(targets, 4, running=9, **busy).reason == "QueryDemand"


@pytest.mark.parametrize("cpu", [None, float("nan"), float("inf")])
def test_unknown_cpu_is_said(cpu: float | None) -> None:
    settings = autoscaling(targets={"queriesPerWorker": "1", "workerCPUPercent": 50})
    load = sample(running=3, active_workers=2, worker_cpu_percent=cpu, workers_with_cpu=2)
    found = demand(settings.targets, settings.behavior, load, wanted=2)
    assert [item.workers for item in found.recommendations] == [3]
    assert found.unknown == "no worker reports its CPU use"
    assert demand(settings.targets, settings.behavior, load, wanted=0).unknown == ""


_IDLE_CPU = {"active_workers": 10, "workers_with_cpu": 10, "worker_cpu_percent": 8.0}
_BOTH = {"queriesPerWorker": "0.5", "workerCPUPercent": 65}


@pytest.mark.parametrize("state", ["blocked", "queued"])
def test_queries_that_more_workers_do_not_help_bring_none_while_workers_are_idle(state: str) -> None:
    found = _by(_BOTH, 10, running=1, **{state: 200}, **_IDLE_CPU)
    assert found.workers == 10
    assert found.message.endswith("= 402, but no worker is added for blocked or queued ones at 8% CPU")


@pytest.mark.parametrize(
    ("load", "workers"),
    [
        ({"running": 200}, 400),
        ({"waiting": 200}, 400),
        ({"blocked": 200, "is_short_of_memory": True}, 400),
        ({"queued": 200, "queued_for_shared_memory": 150}, 300),
        ({"blocked": 200, "worker_cpu_percent": 30.0}, 400),
        ({"blocked": 200, "worker_cpu_percent": None}, 400),
        ({"blocked": 200, "workers_with_cpu": 4}, 400),
    ],
    ids=["running", "waiting", "short-of-memory", "queued-for-memory", "busy", "unknown", "most-unknown"],
)
def test_queries_that_more_workers_help_bring_them(load: dict[str, Any], workers: int) -> None:
    assert _by(_BOTH, 10, **{**_IDLE_CPU, **load}).workers == workers


def test_idle_workers_are_not_removed_because_queries_are_blocked() -> None:
    assert _by(_BOTH, 10, blocked=4, **_IDLE_CPU).workers == 8

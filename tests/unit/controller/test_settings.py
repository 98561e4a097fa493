"""What the operator's settings change, and that another setting restarts nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from presto_operator.settings import DEFAULTS, Settings
from tests.unit.controller.world import World
from tests.unit.fake_kubernetes import FakeKubernetes
from tests.unit.manifest import manifest

BUSY = {"runningQueries": 1, "blockedQueries": 0, "queuedQueries": 0, "activeWorkers": 2}


def _settled(settings: Settings) -> World:
    world = World(manifest(workers={"replicas": 2}), settings)
    world.settle()
    assert world.status["phase"] == "Running"
    return world


def _worker_deployment(api: FakeKubernetes) -> dict[str, object]:
    (name,) = (name for name in api.names("Deployment") if name.startswith("adhoc-workers-"))
    found: dict[str, object] = api.find("Deployment", name)
    return found


def test_a_cluster_is_reconciled_again_after_the_interval() -> None:
    assert _settled(Settings(reconcile_interval=timedelta(seconds=3))).reconcile() == 3


@pytest.mark.parametrize("seconds", [0, 1, 10])
def test_workers_count_as_available_after_worker_min_ready(seconds: int) -> None:
    world = _settled(Settings(worker_min_ready=timedelta(seconds=seconds)))
    spec = _worker_deployment(world.api)["spec"]
    assert isinstance(spec, dict)
    assert spec["minReadySeconds"] == seconds


def test_another_worker_min_ready_restarts_no_worker() -> None:
    world = _settled(DEFAULTS)
    before = world.api.names("Deployment"), world.api.names("Pod")
    world.settings = Settings(worker_min_ready=timedelta(seconds=1))
    world.restart()
    world.settle()
    assert (world.api.names("Deployment"), world.api.names("Pod")) == before
    spec = _worker_deployment(world.api)["spec"]
    assert isinstance(spec, dict)
    assert spec["minReadySeconds"] == 1


def test_numbers_of_presto_are_written_after_the_status_interval() -> None:
    world = _settled(Settings(status_interval=timedelta(seconds=60)))
    for running, after_seconds, written in ((5, 60, 5), (7, 59, 5), (7, 1, 7)):
        world.api.presto_answer = {**BUSY, "runningQueries": running}
        # The poll that a pass starts answers what the next pass reports.
        world.reconcile(after_seconds=0)
        world.reconcile(after_seconds=after_seconds)
        assert world.status["queries"]["running"] == written

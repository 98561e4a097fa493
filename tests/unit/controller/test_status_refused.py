"""An API server that refuses the status, because its CRD is of another release, still shows the conditions."""

from __future__ import annotations

import logging

import pytest

from presto_operator.kube import ApiError
from tests.unit.controller.world import RECONCILE_SECONDS, World
from tests.unit.manifest import manifest


@pytest.fixture
def world() -> World:
    """A world whose API server takes nothing but conditions."""
    prepared = World(manifest(workers={"replicas": 2}))
    prepared.api.refuses_status = lambda status: set(status) != {"conditions"}
    return prepared


def _status_writes(world: World) -> int:
    return sum(1 for verb, _, _ in world.api.requests if verb == "status")


def test_the_conditions_are_written_alone_and_a_quiet_cluster_costs_no_write(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        world.settle()
    assert world.status.keys() == {"conditions"}
    assert world.condition("Ready")["status"] == "True"
    assert world.reconcile() == RECONCILE_SECONDS
    assert _status_writes(world) == 0
    assert len([record for record in caplog.records if "refuses the status" in record.message]) == 1


def test_news_is_told_once(world: World) -> None:
    world.settle()
    world.set_spec(version="0.288")
    world.settle()
    for _ in range(3):
        world.reconcile()
    for reason in ("Ready", "RolloutStarted", "GenerationChanged", "RolloutFinished"):
        assert len(world.news(reason)) == 1, reason


def test_the_whole_status_is_tried_again_after_a_while(world: World) -> None:
    world.settle()
    world.api.refuses_status = lambda _: False
    world.reconcile(after_seconds=301)
    world.api.presto_answer = {"runningQueries": 7, "blockedQueries": 0, "queuedQueries": 0, "activeWorkers": 2}
    for _ in range(2):
        world.reconcile(after_seconds=31)
    assert world.status["phase"] == "Running"
    world.restart()
    world.reconcile()
    assert world.status["phase"] == "Running"


def test_conditions_that_are_refused_too_fail_no_pass(world: World) -> None:
    world.api.refuses_status = lambda _: True
    for _ in range(5):
        assert world.reconcile() == RECONCILE_SECONDS
        world.roll_out()
    assert world.status == {}


def test_any_other_error_of_a_status_write_fails_the_pass(world: World) -> None:
    world.api.refused["PrestoCluster", "adhoc"] = ApiError(500, "busy")
    with pytest.raises(ApiError, match="busy"):
        world.reconcile()

from __future__ import annotations

from typing import Any

import pytest

from presto_operator.objects import (
    available_replicas,
    is_known_to_presto,
    is_rolled_out,
    is_status_current,
    present_replicas,
    ready_replicas,
    wanted_replicas,
)


def _deployment(*, wanted: int = 3, **status: int) -> dict[str, Any]:
    rolled_out = {
        "observedGeneration": 2,
        "replicas": wanted,
        "updatedReplicas": wanted,
        "readyReplicas": wanted,
        "availableReplicas": wanted,
    }
    return {
        "metadata": {"name": "adhoc-r5", "generation": 2},
        "spec": {"replicas": wanted},
        "status": {**rolled_out, **status},
    }


def test_a_deployment_says_how_many_pods_it_asks_for_and_has() -> None:
    deployment = _deployment(wanted=5, replicas=6, readyReplicas=4, availableReplicas=3)
    counts = (wanted_replicas, present_replicas, ready_replicas, available_replicas)
    assert [count(deployment) for count in counts] == [5, 6, 4, 3]


def test_a_deployment_without_a_status_has_no_pods_yet_and_asks_for_one_by_default() -> None:
    deployment: dict[str, Any] = {"metadata": {"name": "adhoc-r5", "generation": 1}, "spec": {}}
    counts = (wanted_replicas, present_replicas, ready_replicas, available_replicas)
    assert [count(deployment) for count in counts] == [1, 0, 0, 0]
    assert not is_status_current(deployment)
    assert not is_rolled_out(deployment)


@pytest.mark.parametrize("wanted", [0, 3])
def test_a_deployment_is_rolled_out_when_all_of_its_pods_are_new_and_ready(wanted: int) -> None:
    assert is_rolled_out(_deployment(wanted=wanted))


@pytest.mark.parametrize(
    "status",
    [
        {"observedGeneration": 1},
        {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2},
        {"replicas": 4},
        {"updatedReplicas": 2},
        {"readyReplicas": 2},
    ],
    ids=["of an earlier spec", "a pod is missing", "an old pod is left", "a pod is old", "a pod is not ready"],
)
def test_a_deployment_is_not_rolled_out_while(status: dict[str, int]) -> None:
    assert not is_rolled_out(_deployment(**status))


def test_workers_are_known_to_presto_a_while_after_they_are_ready() -> None:
    assert is_known_to_presto(_deployment())
    assert not is_known_to_presto(_deployment(availableReplicas=2))
    assert not is_known_to_presto(_deployment(observedGeneration=1))

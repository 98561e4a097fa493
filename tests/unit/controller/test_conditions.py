from __future__ import annotations

from dataclasses import replace

import pytest

from presto_operator.api import FieldError
from presto_operator.controller import conditions, plan
from presto_operator.controller.observation import Observation
from presto_operator.desired import KubernetesObject, generation_name
from presto_operator.presto.stats import ClusterStats
from tests.unit.controller.live import joined, observation
from tests.unit.manifest import cluster

NOTHING = Observation((), (), None)
CLUSTER = cluster(workers={"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}]})
PLAN = plan(CLUSTER, NOTHING)
NAME = PLAN.wanted_generation


def test_valid_quotes_every_error() -> None:
    assert conditions.valid([]).status == "True"
    verdict = conditions.valid([FieldError("spec.version", "required"), FieldError("spec.a", "unknown field")])
    assert (verdict.type, verdict.status, verdict.reason) == ("Valid", "False", "InvalidSpec")
    assert "spec.version: required; spec.a: unknown field" in verdict.message
    assert "left as it is" in verdict.message


@pytest.mark.parametrize("serving", [None, "another"])
def test_ready_needs_a_coordinator_of_the_generation_that_serves(serving: str | None) -> None:
    assert conditions.ready(observation(PLAN.apply), serving).reason == "CoordinatorNotReady"
    assert conditions.ready(observation(PLAN.apply, is_coordinator_ready=False), NAME).reason == "CoordinatorNotReady"


def test_ready_needs_a_worker() -> None:
    verdict = conditions.ready(observation(PLAN.apply, ready_workers=0), NAME)
    assert (verdict.status, verdict.reason) == ("False", "NoWorkerReady")
    assert "none of 4 workers" in verdict.message
    assert conditions.ready(observation(PLAN.apply, ready_workers=1), NAME).status == "True"


def test_ready_needs_a_worker_that_the_coordinator_knows() -> None:
    verdict = conditions.ready(observation(PLAN.apply, stats=_stats(active=0)), NAME)
    assert (verdict.status, verdict.reason) == ("False", "NoWorkerActive")
    assert conditions.ready(observation(PLAN.apply, stats=_stats(active=1)), NAME).status == "True"


def test_a_cluster_without_workers_is_ready_with_its_coordinator() -> None:
    empty = plan(cluster(workers={"replicas": 0}), NOTHING)
    seen = observation(empty.apply, stats=_stats(active=0))
    assert conditions.ready(seen, empty.wanted_generation).status == "True"


def test_nothing_progresses_when_all_is_there() -> None:
    assert conditions.progressing(observation(PLAN.apply), PLAN).status == "False"


def test_progressing_counts_the_workers_of_each_pool() -> None:
    verdict = conditions.progressing(observation(PLAN.apply, ready_workers=1, is_coordinator_ready=False), PLAN)
    assert (verdict.status, verdict.reason) == ("True", "RollingOut")
    assert f"coordinator {NAME} is starting" in verdict.message
    assert "pool r5 has 1 of 2 workers ready" in verdict.message
    assert "pool r6 has 1 of 2 workers ready" in verdict.message


def test_progressing_says_why_there_is_no_node() -> None:
    seen = observation(PLAN.apply, ready_workers=0)
    for pod in seen.pods[1:]:
        pod["status"]["conditions"] = [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes available"}
        ]
    message = conditions.progressing(seen, PLAN).message
    assert f"{len(seen.pods) - 1} without a node: 0/3 nodes available" in message


def test_progressing_names_both_generations() -> None:
    newer = cluster(version="0.288", workers={"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}]})
    serving = observation(PLAN.apply)
    during = plan(newer, serving)
    verdict = conditions.progressing(joined(serving, observation(during.apply, ready_workers=0)), during)
    assert (verdict.status, verdict.reason) == ("True", "NewGeneration")
    assert f"generation {generation_name(newer)} comes up beside {NAME}" in verdict.message


def test_children_that_could_not_be_made_are_not_up_to_date() -> None:
    assert conditions.progressing(NOTHING, PLAN).status == "True"


def test_without_a_plan_what_runs_is_looked_at() -> None:
    assert conditions.progressing(observation(PLAN.apply), None).status == "False"
    assert conditions.progressing(observation(PLAN.apply, ready_workers=1), None).status == "True"


def test_degraded_quotes_what_could_not_be_applied() -> None:
    verdict = conditions.degraded(NOTHING, PLAN, [f"error {number}" for number in range(5)])
    assert (verdict.status, verdict.reason, verdict.message) == ("True", "ApplyFailed", "error 0; error 1; error 2")


def test_degraded_quotes_the_first_failing_pod() -> None:
    seen = observation(PLAN.apply)
    for pod in seen.pods[:3]:
        _crash(pod)
    verdict = conditions.degraded(seen, PLAN, [])
    assert (verdict.status, verdict.reason) == ("True", "PodsFailing")
    assert f"{seen.pods[0]['metadata']['name']}: OOMKilled (exit code 137)" in verdict.message
    assert "(and 2 more)" in verdict.message


def test_degraded_tells_of_workers_without_a_place() -> None:
    full = plan(cluster(workers={"replicas": 5, "pools": [{"name": "r5", "maxReplicas": 2}]}), NOTHING)
    verdict = conditions.degraded(observation(full.apply), full, [])
    assert (verdict.status, verdict.reason) == ("True", "PoolsFull")
    assert verdict.message.startswith("workers without a place: 3")


def test_nothing_is_degraded_when_all_is_well() -> None:
    assert conditions.degraded(observation(PLAN.apply), PLAN, []).status == "False"
    assert conditions.degraded(replace(observation(PLAN.apply), children=()), None, []).status == "False"


def _stats(*, active: int) -> ClusterStats:
    return ClusterStats(running_queries=0, blocked_queries=0, queued_queries=0, active_workers=active)


def _crash(pod: KubernetesObject) -> None:
    crash = {"exitCode": 137, "reason": "OOMKilled"}
    pod["status"]["containerStatuses"] = [{"ready": False, "state": {"terminated": crash}}]

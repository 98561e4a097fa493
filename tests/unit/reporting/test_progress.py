from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from presto_operator.api import FieldError, PrestoCluster
from presto_operator.desired import render_generation
from presto_operator.objects import ProgressingReason
from presto_operator.planning.memory import Memory
from presto_operator.planning.observation import Observation
from presto_operator.planning.plan import Hold
from presto_operator.planning.seen import Invalid, Unreadable, Valid
from presto_operator.planning.verdict import Verdict
from presto_operator.reporting.progress import progressing
from tests.unit.generations import generation_name
from tests.unit.live import joined, observation, planned
from tests.unit.manifest import cluster

NOTHING = Observation((), (), None)
WORKERS = {"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}]}
CLUSTER = cluster(workers=WORKERS)
PLAN = planned(CLUSTER, NOTHING)
NAME = PLAN.wanted_generation
CHANGED = cluster(workers={**WORKERS, "jvm": {"extraArgs": ["-Da=b"]}})
NEWER = cluster(version="0.288", workers=WORKERS)


def _memory(reason: ProgressingReason = ProgressingReason.UP_TO_DATE, **shares: int) -> Memory:
    """The status of a cluster that has come up."""
    return Memory(
        conditions={"Progressing": Verdict("Progressing", "False", reason, "as before")},
        condition_generations={"Progressing": 1},
        serving_generation=NAME,
        shares=shares or {"r5": 2, "r6": 2},
    )


def _verdict(
    seen: Observation,
    of: PrestoCluster = CLUSTER,
    memory: Memory | None = None,
    *,
    because: str = "",
    hold: Hold | None = None,
) -> Verdict:
    spec = Valid(of, render_generation(of))
    plan = planned(of, seen, hold) if hold is not None else planned(of, seen)
    return progressing(spec, 1, seen, plan, memory or _memory(), because)


def test_a_cluster_that_is_as_its_spec_says_is_up_to_date() -> None:
    verdict = _verdict(observation(PLAN.apply))
    assert (verdict.status, verdict.reason) == ("False", "UpToDate")
    assert verdict.message == "the cluster is as its spec says"


def test_a_spec_with_errors_is_not_called_up_to_date() -> None:
    verdict = progressing(Invalid((FieldError("spec", "wrong"),)), 1, observation(PLAN.apply), None, _memory(), "")
    assert (verdict.status, verdict.reason) == ("False", "SpecRejected")
    assert "the running cluster stays as it is" in verdict.message


def test_while_the_spec_can_not_be_read_the_last_verdict_on_it_stays() -> None:
    unreadable = Unreadable("HTTP 503")
    memory = _memory()
    seen = observation(PLAN.apply)
    assert progressing(unreadable, 1, seen, None, memory, "") == memory.conditions["Progressing"]
    verdict = progressing(unreadable, 2, seen, None, memory, "")
    assert (verdict.status, verdict.reason) == ("Unknown", "SpecUnreadable")


def test_a_first_start_counts_the_workers_of_each_pool() -> None:
    seen = observation(PLAN.apply, ready_workers=1, is_coordinator_ready=False)
    for memory in (Memory(), _memory(ProgressingReason.STARTING)):
        verdict = _verdict(seen, memory=memory)
        assert (verdict.status, verdict.reason) == ("True", "Starting")
        assert verdict.message == (
            "the coordinator is starting; pool r5 has 1 of 2 workers ready; pool r6 has 1 of 2 workers ready"
        )


def test_objects_that_were_not_created_are_named() -> None:
    verdict = _verdict(NOTHING)
    assert verdict.status == "True"
    assert verdict.message.startswith(
        '14 objects not created yet (ServiceAccount "adhoc-presto", Service "adhoc" and 12'
    )


def test_a_pod_without_a_node_is_quoted() -> None:
    seen = observation(PLAN.apply, ready_workers=0)
    for pod in seen.pods[1:]:
        pod["status"]["conditions"] = [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes available"}
        ]
    assert _verdict(seen).message.endswith(f"; {len(seen.pods) - 1} pods have no node: 0/3 nodes available")


def test_a_lost_worker_is_replaced_and_not_rolled_out() -> None:
    verdict = _verdict(observation(PLAN.apply, ready_workers=1))
    assert (verdict.status, verdict.reason) == ("True", "ReplacingPods")


@pytest.mark.parametrize(
    ("replicas", "message"),
    [
        (6, "scaling to 6 workers; pool r5 has 2 of 3 workers ready; pool r6 has 2 of 3 workers ready"),
        (2, "scaling to 2 workers; pool r5 still has 2 workers, 1 desired; pool r6 still has 2 workers, 1 desired"),
        (1, "scaling to 1 worker; pool r5 still has 2 workers, 1 desired; pool r6 still has 2 workers, 0 desired"),
    ],
)
def test_scaling_is_no_roll_out(replicas: int, message: str) -> None:
    scaled = cluster(workers={**WORKERS, "replicas": replicas})
    verdict = _verdict(observation(PLAN.apply), scaled)
    assert (verdict.reason, verdict.message) == ("Scaling", message)
    # In a later pass, status has the new number already.
    shares = {"r5": replicas - replicas // 2, "r6": replicas // 2}
    later = _verdict(observation(PLAN.apply), scaled, _memory(ProgressingReason.SCALING, **shares))
    assert (later.reason, later.message) == ("Scaling", message)


def test_a_pool_without_workers_is_not_mentioned() -> None:
    one = cluster(workers={**WORKERS, "replicas": 1})
    seen = observation(planned(one, NOTHING).apply, ready_workers=0)
    assert "r6" not in _verdict(seen, one, _memory(r5=1, r6=0)).message


def test_a_roll_out_says_what_changed_and_how_far_it_is() -> None:
    seen = joined(observation(planned(CHANGED, observation(PLAN.apply)).apply), observation(PLAN.apply))
    verdict = _verdict(seen, CHANGED, because="the workers' jvm.config changed")
    assert (verdict.status, verdict.reason) == ("True", "RollingOut")
    assert verdict.message.startswith("the workers' jvm.config changed: 1 of 4 workers updated; pool r5 ")


def test_a_roll_out_whose_workers_fail_keeps_the_old_ones() -> None:
    new = observation(planned(CHANGED, observation(PLAN.apply)).apply, ready_workers=0)
    for pod in new.pods_of("worker"):
        crash = {"exitCode": 1, "reason": "Error"}
        pod["status"]["containerStatuses"] = [{"name": "presto", "ready": False, "state": {"terminated": crash}}]
    verdict = _verdict(joined(new, observation(PLAN.apply)), CHANGED)
    assert "0 of 4 workers updated, 1 new worker can't start, so the 4 old workers are kept" in verdict.message


def test_a_new_generation_is_named_beside_the_one_that_serves() -> None:
    serving = observation(PLAN.apply)
    seen = joined(serving, observation(planned(NEWER, serving).apply, ready_workers=0))
    verdict = _verdict(seen, NEWER, because="the version changed")
    assert (verdict.status, verdict.reason) == ("True", "NewGeneration")
    name = generation_name(NEWER)
    assert verdict.message.startswith(
        f"the version changed: generation {name} is starting, and {NAME} serves until it is complete"
    )


def test_a_generation_that_never_served_is_not_said_to_serve() -> None:
    broken = observation(PLAN.apply, is_coordinator_ready=False)
    spec = Valid(NEWER, render_generation(NEWER))
    plan = replace(planned(NEWER, NOTHING), serving_generation=NAME)
    message = progressing(spec, 1, joined(broken, observation(plan.apply)), plan, _memory(), "").message
    assert f"generation {generation_name(NEWER)} is starting, and replaces {NAME}, which is not ready" in message


@pytest.mark.parametrize(
    ("hold", "reason"),
    [
        ({"takeover": True, "message": "waiting"}, "WaitingForQueries"),
        ({"last_worker": True, "message": "waiting"}, "WaitingForQueries"),
    ],
)
def test_what_is_waited_for_is_said(hold: dict[str, Any], reason: str) -> None:
    verdict = _verdict(observation(PLAN.apply), hold=Hold(**hold))
    assert (verdict.status, verdict.reason, verdict.message) == ("True", reason, "waiting")


def test_an_old_generation_that_is_kept_for_its_clients_is_said_to_linger() -> None:
    seen = joined(observation(planned(NEWER, NOTHING).apply), observation(PLAN.apply))
    plan = replace(planned(NEWER, seen), serving_generation=generation_name(NEWER))
    verdict = progressing(Valid(NEWER, render_generation(NEWER)), 1, seen, plan, _memory(), "")
    assert verdict.reason == "OldGenerationLingers"
    assert verdict.message == f"generation {NAME} is being removed"

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from presto_operator.api import AutoscalingStatus
from presto_operator.planning.autoscale import (
    WARM_UP,
    Autoscaled,
    autoscale,
    autoscaling_field,
    autoscaling_notices,
    autoscaling_verdicts,
    workers_to_ask,
)
from presto_operator.planning.memory import Memory, memory_of
from presto_operator.planning.observation import Observation
from presto_operator.presto.load import ClusterLoad
from tests.unit import live
from tests.unit.generations import generation_name
from tests.unit.live import planned
from tests.unit.manifest import cluster

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
AUTOSCALING: dict[str, Any] = {
    "minReplicas": 1,
    "maxReplicas": 10,
    "targets": {"queriesPerWorker": "1"},
    "behavior": {"scaleUp": {"stabilizationWindowSeconds": 0}, "scaleDown": {"stabilizationWindowSeconds": 0}},
}


def _poll(
    *, at: datetime = NOW, running: int = 0, queued: int = 0, held_back: int = 0, waiting: int = 0
) -> ClusterLoad:
    return ClusterLoad(
        at=at,
        running=running,
        blocked=0,
        queued=queued - held_back,
        waiting=waiting,
        held_back=held_back,
        active_workers=2,
    )


def _look(
    poll: ClusterLoad | None,
    previous: AutoscalingStatus | None = None,
    *,
    mode: str = "Active",
    replicas: int = 2,
    now: datetime = NOW,
) -> Autoscaled:
    spec = {**AUTOSCALING, "mode": mode}
    return autoscale(cluster(workers={"replicas": replicas}, autoscaling=spec), previous, poll, now)


def _verdict(scaled: Autoscaled) -> tuple[str, str]:
    assert scaled.verdict is not None
    return scaled.verdict.status, scaled.verdict.reason


def test_without_autoscaling_replicas_rule_and_nothing_is_said() -> None:
    scaled = autoscale(cluster(workers={"replicas": 3}), None, _poll(running=9), NOW)
    assert scaled == Autoscaled(3, None, None)


def test_off_leaves_the_number_to_replicas() -> None:
    scaled = _look(_poll(running=9), mode="Off", replicas=3)
    assert (scaled.workers, scaled.record) == (3, None)
    assert _verdict(scaled) == ("False", "Off")


def test_active_follows_the_load() -> None:
    scaled = _look(_poll(running=3, queued=2, waiting=1))
    assert scaled.workers == 6
    assert scaled.record is not None
    assert scaled.record.desired == 6
    assert _verdict(scaled) == ("True", "Active")
    (notice,) = autoscaling_notices(scaled)
    assert (notice.type, notice.reason) == ("Normal", "ScaledUp")
    assert notice.message.startswith(
        "workers 2 → 6 (QueryDemand): 3 running + 2 queued + 1 waiting at 1 per worker = 6"
    )


def test_queries_that_a_limit_holds_back_bring_no_worker() -> None:
    scaled = _look(_poll(running=2, queued=7, held_back=7))
    assert scaled.workers == 2
    assert autoscaling_notices(scaled) == []


def test_advisory_says_what_it_would_do_and_changes_nothing() -> None:
    scaled = _look(_poll(running=6), mode="Advisory")
    assert scaled.workers == 2
    assert scaled.record is not None
    assert scaled.record.desired == 6
    assert _verdict(scaled) == ("False", "Advisory")
    assert [notice.reason for notice in autoscaling_notices(scaled)] == ["ScaleUpAdvised"]
    assert scaled.verdict is not None
    assert "autoscaling recommends 6 workers: 6 running" in scaled.verdict.message


@pytest.mark.parametrize("poll", [None, _poll(at=NOW - timedelta(minutes=5))])
def test_without_a_fresh_answer_nobody_goes(poll: ClusterLoad | None) -> None:
    before = _look(_poll(running=8))
    scaled = _look(poll, before.record)
    assert scaled.workers == 6
    assert _verdict(scaled) == ("False", "NoData")
    assert autoscaling_notices(scaled) == []


def test_the_next_decision_starts_from_the_last() -> None:
    before = _look(_poll(running=8))
    scaled = _look(_poll(running=1, at=NOW + timedelta(minutes=10)), before.record, now=NOW + timedelta(minutes=10))
    assert scaled.workers < 8
    assert [notice.reason for notice in autoscaling_notices(scaled)] == ["ScaledDown"]


def test_who_changes_replicas_meanwhile_is_told_that_it_is_ignored() -> None:
    before = _look(_poll(running=8))
    scaled = _look(_poll(running=8), before.record, replicas=3)
    assert scaled.workers == 6
    assert _verdict(scaled) == ("True", "ReplicasIgnored")
    assert scaled.verdict is not None
    assert "changed from 2 to 3" in scaled.verdict.message
    again = _look(_poll(running=8), scaled.record, replicas=3)
    assert again == scaled
    assert _verdict(_look(_poll(running=8), scaled.record, replicas=2)) == ("True", "Active")


def test_another_mode_in_between_makes_peace() -> None:
    active = _look(_poll(running=8))
    advisory = _look(_poll(running=8), active.record, mode="Advisory", replicas=3)
    assert _verdict(advisory) == ("False", "Advisory")
    assert _verdict(_look(_poll(running=8), advisory.record, replicas=3)) == ("True", "Active")


def test_what_is_said_holds_while_the_spec_is_invalid() -> None:
    scaled = _look(_poll(running=8))
    assert scaled.verdict is not None
    condition = {"type": "AutoscalingActive", "status": "True", "reason": "Active", "message": scaled.verdict.message}
    status = {"conditions": [condition], **autoscaling_field(scaled, Memory())}
    memory = memory_of({"status": status})
    assert autoscaling_verdicts(None, memory) == [scaled.verdict]
    assert autoscaling_field(None, memory) == autoscaling_field(scaled, Memory())


def test_workers_that_warm_up_are_not_asked_for_their_cpu_use() -> None:
    spec = {**AUTOSCALING, "targets": {"workerCPUPercent": 75}}
    resource = cluster(workers={"replicas": 2}, autoscaling=spec)
    seen = live.observation(planned(resource, Observation((), (), None)).apply)
    workers = seen.pods_of("worker")
    for pod, age in zip(workers, (WARM_UP, WARM_UP / 2), strict=True):
        pod["status"]["conditions"] = [
            {"type": "Ready", "status": "True", "lastTransitionTime": (NOW - age).isoformat()}
        ]
        pod["status"]["podIP"] = "10.0.0.1"
    asked = workers_to_ask(resource, seen, generation_name(resource), NOW)
    assert [server.pod for server in asked] == [workers[0]["metadata"]["name"]]
    assert workers_to_ask(resource, seen, "another", NOW) == ()
    assert workers_to_ask(cluster(autoscaling=AUTOSCALING), seen, generation_name(resource), NOW) == ()


_GROUPS = {
    "rootGroups": [
        {
            "name": "global",
            "softMemoryLimit": "80%",
            "maxQueued": 100,
            "hardConcurrencyLimit": 100,
            "subGroups": [
                {"name": "etl-${USER}", "softMemoryLimit": "50GB", "maxQueued": 100, "hardConcurrencyLimit": 100}
            ],
        }
    ],
    "selectors": [{"group": "global.etl-${USER}"}],
}


@pytest.mark.parametrize(
    ("groups", "workers"),
    [((("global",),), 8), ((("global", "etl-ann"),), 1), ((("global",), ("global", "etl-ann")), 1), ((("other",),), 2)],
    ids=["share", "absolute", "both", "unknown"],
)
def test_queries_that_wait_for_memory_bring_workers_if_each_worker_adds_to_it(
    groups: tuple[tuple[str, ...], ...], workers: int
) -> None:
    spec = {**AUTOSCALING, "targets": {"queriesPerWorker": "1", "workerCPUPercent": 65}}
    wanted = cluster(workers={"replicas": 2}, autoscaling=spec, resourceGroups=_GROUPS)
    poll = replace(_poll(queued=8), queued_for_memory=((groups, 8),), worker_cpu_percent=8.0, workers_with_cpu=2)
    decided = autoscale(wanted, None, poll, NOW)
    assert decided.workers == min(workers, 6)


def test_blocked_queries_bring_workers_if_memory_is_short() -> None:
    spec = {**AUTOSCALING, "targets": {"queriesPerWorker": "1", "workerCPUPercent": 65}}
    wanted = cluster(workers={"replicas": 2}, autoscaling=spec)
    poll = replace(_poll(), blocked=5, worker_cpu_percent=2.0, workers_with_cpu=2)
    assert autoscale(wanted, None, poll, NOW).workers == 2
    heap = wanted.spec.workers.heap_bytes
    assert autoscale(wanted, None, replace(poll, memory_bytes=heap), NOW).workers == 5


def test_a_query_that_needs_no_worker_still_keeps_the_cluster_awake() -> None:
    spec = {**AUTOSCALING, "scaleToZero": {"idleAfter": "1m"}}
    poll = replace(_poll(), without_workers=1)
    assert poll.demand == 0
    decided = autoscale(cluster(workers={"replicas": 2}, autoscaling=spec), None, poll, NOW)
    assert decided.record is not None
    assert decided.record.history.idle_since is None

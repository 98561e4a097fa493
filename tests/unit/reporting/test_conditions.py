from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from presto_operator.api import FieldError
from presto_operator.desired import render_generation
from presto_operator.desired.drain_warnings import drain_warnings
from presto_operator.desired.query_retry import retry_warnings
from presto_operator.metastore import Finding, MetastoreAddress, Outcome, Probe
from presto_operator.objects import KubernetesObject, ReadyReason, ValidReason, format_time, name_of
from presto_operator.planning.memory import Memory, memory_of
from presto_operator.planning.observation import Observation
from presto_operator.planning.seen import Invalid, Unreadable, Valid
from presto_operator.planning.verdict import Verdict
from presto_operator.reporting import conditions
from tests.unit.live import joined, load, observation, planned
from tests.unit.manifest import cluster

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOTHING = Observation((), (), None)
CLUSTER = cluster(workers={"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}]})
PLAN = planned(CLUSTER, NOTHING)
NAME = PLAN.wanted_generation
READY = Memory(conditions={"Ready": Verdict("Ready", "True", ReadyReason.SERVING, "as before")})


def test_valid_quotes_every_error() -> None:
    assert conditions.valid(Valid(CLUSTER, render_generation(CLUSTER)), Memory(), 1) == Verdict(
        "Valid", "True", ValidReason.SPEC_ACCEPTED, "the spec is valid"
    )
    errors = (FieldError("spec.version", "required"), FieldError("spec.a", "unknown field"))
    verdict = conditions.valid(Invalid(errors), Memory(), 1)
    assert (verdict.type, verdict.status, verdict.reason) == ("Valid", "False", "SpecRejected")
    assert "spec.version: required; spec.a: unknown field" in verdict.message
    assert "The running cluster stays as it is." in verdict.message


def test_a_valid_spec_may_have_warnings() -> None:
    odd = cluster(
        queryRetry={"enabled": True},
        coordinator={"config": {"query.remote-task.max-error-duration": "1h"}},
        workers={"podOverrides": {"spec": {"containers": [{"name": "envoy", "image": "envoy:1"}]}}},
    )
    verdict = conditions.valid(Valid(odd, render_generation(odd)), Memory(), 1)
    assert (verdict.status, verdict.reason) == ("True", "SpecAccepted")
    retry, drain = retry_warnings(odd.spec), drain_warnings(odd.spec)
    assert retry
    assert drain
    assert verdict.message == f"the spec is valid, with warnings: {'; '.join([*retry, *drain])}"


def test_a_spec_that_cannot_be_read_is_as_valid_as_it_was() -> None:
    unreadable = Unreadable('Secret "s3" can\'t be read: HTTP 503')
    invalid = conditions.valid(Invalid((FieldError("spec.version", "required"),)), Memory(), 1)
    memory = Memory(conditions={"Valid": invalid}, condition_generations={"Valid": 1})
    assert conditions.valid(unreadable, memory, 1) == invalid
    # Nothing is known of another spec.
    unknown = conditions.valid(unreadable, memory, 2)
    assert (unknown.status, unknown.reason) == ("Unknown", "SpecUnreadable")
    assert 'Secret "s3"' in unknown.message


@pytest.mark.parametrize("serving", [None, "another"])
def test_ready_needs_a_coordinator_of_the_generation_that_serves(serving: str | None) -> None:
    assert conditions.ready(observation(PLAN.apply), serving, Memory(), NOON).reason == "CoordinatorNotReady"
    assert (
        conditions.ready(observation(PLAN.apply, is_coordinator_ready=False), NAME, READY, NOON).reason
        == "CoordinatorNotReady"
    )


def test_ready_needs_a_worker() -> None:
    verdict = conditions.ready(observation(PLAN.apply, ready_workers=0, load=load(active=1)), NAME, READY, NOON)
    assert (verdict.status, verdict.reason) == ("False", "NoWorkerReady")
    assert verdict.message == "no worker is ready (4 desired)"
    verdict = conditions.ready(observation(PLAN.apply, ready_workers=1, load=load(active=1)), NAME, Memory(), NOON)
    assert (verdict.status, verdict.reason) == ("True", "Serving")
    assert verdict.message == "coordinator and 2 of 4 workers are serving"


def test_ready_needs_a_worker_that_the_coordinator_knows() -> None:
    verdict = conditions.ready(observation(PLAN.apply, load=load(active=0)), NAME, READY, NOON)
    assert (verdict.status, verdict.reason) == ("False", "NoWorkerActive")
    assert "the coordinator does not report any of them as active yet" in verdict.message
    assert conditions.ready(observation(PLAN.apply, load=load(active=1)), NAME, Memory(), NOON).status == "True"


def test_a_cluster_is_not_ready_before_its_coordinator_has_reported_an_active_worker() -> None:
    unknown = observation(PLAN.apply)
    assert conditions.ready(unknown, NAME, Memory(), NOON).reason == "NoWorkerActive"
    for pod in unknown.pods_of("worker"):
        pod["status"]["conditions"][0]["lastTransitionTime"] = format_time(NOON)
    # A poll or two of a coordinator that has just started fail on a busy machine. It may not know any worker yet.
    assert conditions.ready(unknown, NAME, Memory(), NOON + timedelta(seconds=30)).reason == "NoWorkerActive"
    # But an operator that can't reach it at all must not keep it from being ready for ever.
    assert conditions.ready(unknown, NAME, Memory(), NOON + timedelta(seconds=40)).status == "True"
    # A cluster that was ready is not taken back for it.
    assert conditions.ready(unknown, NAME, READY, NOON).status == "True"


def test_a_cluster_without_workers_is_ready_with_its_coordinator() -> None:
    empty = planned(cluster(workers={"replicas": 0}), NOTHING)
    verdict = conditions.ready(observation(empty.apply, load=load(active=0)), empty.wanted_generation, Memory(), NOON)
    assert verdict.status == "True"
    assert verdict.message == "the coordinator is serving; no workers are desired"


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


def test_degraded_quotes_a_pod_of_the_desired_generation_first_and_marks_the_others() -> None:
    newer = cluster(version="0.288", workers={"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}]})
    old = observation(PLAN.apply)
    _crash(old.pods[0])
    during = planned(newer, old)
    new = observation(during.apply)
    both = joined(old, new)
    message = conditions.degraded(both, during, []).message
    assert message == f"{name_of(old.pods[0])} (old generation): OOMKilled (exit code 137)"
    _crash(new.pods[1])
    message = conditions.degraded(both, during, []).message
    assert message == f"{name_of(new.pods[1])}: OOMKilled (exit code 137) (and 1 more)"


def test_degraded_marks_a_worker_of_an_old_revision() -> None:
    changed = cluster(
        workers={"replicas": 4, "pools": [{"name": "r5"}, {"name": "r6"}], "jvm": {"extraArgs": ["-Da=b"]}}
    )
    old = observation(PLAN.apply)
    _crash(old.pods[-1])
    message = conditions.degraded(old, planned(changed, old), []).message
    assert message == f"{name_of(old.pods[-1])} (old revision): OOMKilled (exit code 137)"


def test_degraded_quotes_the_cause_from_a_crashed_servers_log() -> None:
    seen = observation(PLAN.apply)
    log = (
        "2026-01-01T00:00:00.000Z\tERROR\tmain\tPrestoServer\tNo factory for connector mysql\n"
        "java.lang.IllegalArgumentException: No factory for connector mysql\n"
        "\tat com.facebook.presto.server.PrestoServer.main(PrestoServer.java:85)\n"
    )
    crash = {"exitCode": 1, "reason": "Error", "message": log}
    seen.pods[0]["status"]["containerStatuses"] = [{"name": "presto", "ready": False, "state": {"terminated": crash}}]
    verdict = conditions.degraded(seen, PLAN, [])
    assert verdict.message == f"{seen.pods[0]['metadata']['name']}: Error (exit code 1): No factory for connector mysql"


def test_degraded_says_how_many_workers_the_pools_have_no_room_for() -> None:
    full = planned(cluster(workers={"replicas": 5, "pools": [{"name": "r5", "maxReplicas": 2}]}), NOTHING)
    verdict = conditions.degraded(observation(full.apply), full, [])
    assert (verdict.status, verdict.reason) == ("True", "PoolsFull")
    assert verdict.message.startswith("3 workers more than the pools' maxReplicas allow")


def test_nothing_is_degraded_when_all_is_well() -> None:
    verdict = conditions.degraded(observation(PLAN.apply), PLAN, [])
    assert (verdict.status, verdict.message) == ("False", "no problems found")
    assert conditions.degraded(replace(observation(PLAN.apply), children=()), None, []).status == "False"


def test_draining_names_the_workers_that_finish_tasks() -> None:
    seen = observation(PLAN.apply)
    assert conditions.draining(seen).message == "no workers are draining"
    workers = seen.pods_of("worker")
    for pod in workers:
        pod["metadata"]["deletionTimestamp"] = "2026-01-01T06:00:00Z"
    verdict = conditions.draining(seen)
    assert (verdict.status, verdict.reason) == ("True", "WorkersDraining")
    first, second, third, _ = map(name_of, workers)
    assert verdict.message == f"4 workers finishing tasks: {first}, {second}, {third} and 1 more"


@pytest.mark.parametrize(
    "status", [{"state": {"waiting": {}}}, {"state": {"running": {}}, "started": False}], ids=["waiting", "starting"]
)
def test_a_worker_that_never_came_up_finishes_no_tasks(status: dict[str, Any]) -> None:
    seen = observation(PLAN.apply)
    pod = seen.pods_of("worker")[0]
    pod["metadata"]["deletionTimestamp"] = "2026-01-01T06:00:00Z"
    pod["status"]["containerStatuses"] = [{"name": "presto", **status}]
    assert conditions.draining(seen).reason == "NoneDraining"
    pod["status"]["containerStatuses"] = [{"name": "presto", "state": {"running": {}}, "started": True}]
    assert conditions.draining(seen).reason == "WorkersDraining"


_FIRST, _SECOND = (Probe(MetastoreAddress(host, 9083), "Thrift") for host in ("a.data", "b.data"))
_ANSWERING = Finding(Outcome.ANSWERING)
_REFUSED = Finding(Outcome.UNREACHABLE, "can't be reached: Connection refused")
_FAILING = Finding(Outcome.FAILING, "fails: no database")
_OUTSIDE = Finding(Outcome.NOT_CHECKED, "can't be found")


@pytest.mark.parametrize(
    ("first", "second", "status", "reason", "message"),
    [
        (_ANSWERING, _ANSWERING, "True", "Answering", "a.data:9083 answers"),
        (_ANSWERING, None, "True", "Answering", "a.data:9083 answers; b.data:9083 is being checked"),
        (
            _REFUSED,
            _ANSWERING,
            "True",
            "Answering",
            "b.data:9083 answers; a.data:9083 can't be reached: Connection refused",
        ),
        (_REFUSED, _FAILING, "False", "MetastoreFailing", "b.data:9083 fails: no database"),
        (_FAILING, _ANSWERING, "False", "MetastoreFailing", "a.data:9083 fails: no database"),
        (_REFUSED, _REFUSED, "False", "Unreachable", "a.data:9083 can't be reached: Connection refused; b.data:9083"),
        (_OUTSIDE, _REFUSED, "Unknown", "NotChecked", "a.data:9083 can't be found; b.data:9083 can't be reached"),
        (None, None, "Unknown", "NotChecked", "a.data:9083 is being checked; b.data:9083 is being checked"),
    ],
)
def test_metastore_is_available_as_presto_sees_it(
    first: Finding | None, second: Finding | None, status: str, reason: str, message: str
) -> None:
    verdict = conditions.metastore_available({_FIRST: first, _SECOND: second}, Memory(), 1)
    assert (verdict.type, verdict.status, verdict.reason) == ("MetastoreAvailable", status, reason)
    assert message in verdict.message


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if Finding(outcome).is_failure])
def test_a_metastore_that_fails_is_told_of_with_the_reason_and_what_follows(outcome: Outcome) -> None:
    verdict = conditions.metastore_available({_FIRST: Finding(outcome, "is wrong")}, Memory(), 1)
    assert (verdict.status, verdict.reason) == ("False", outcome.value)
    assert verdict.message.startswith("metastore a.data:9083 is wrong. ")
    assert "Presto keeps running" in verdict.message


def test_what_was_said_of_the_metastore_holds_until_something_else_is_known() -> None:
    before = {
        "conditions": [
            {
                "type": "MetastoreAvailable",
                "status": "False",
                "reason": "Unreachable",
                "message": "as before",
                "observedGeneration": 3,
            }
        ]
    }
    memory = memory_of({"status": before})
    same = conditions.metastore_available({_FIRST: None}, memory, 3)
    assert (same.status, same.reason, same.message) == ("False", "Unreachable", "as before")
    # Of another spec nothing was said yet, it may be about another metastore.
    assert conditions.metastore_available({_FIRST: None}, memory, 4).status == "Unknown"
    assert conditions.metastore_available({_FIRST: _OUTSIDE}, memory, 3).status == "Unknown"
    assert conditions.metastore_available({_FIRST: _ANSWERING}, memory, 3).status == "True"


def test_a_message_tells_of_a_few_metastores_only() -> None:
    found = {Probe(MetastoreAddress(f"m{number}.data", 9083), "Thrift"): _REFUSED for number in range(8)}
    assert conditions.metastore_available(found, Memory(), 1).message.count("refused") == 3
    # The one that decides is among them.
    found[Probe(MetastoreAddress("last.data", 9083), "Thrift")] = _FAILING
    message = conditions.metastore_available(found, Memory(), 1).message
    assert message.startswith("metastore last.data:9083 fails: no database; m0.data:9083")
    assert message.count("refused") == 2


def _crash(pod: KubernetesObject) -> None:
    crash = {"exitCode": 137, "reason": "OOMKilled"}
    pod["status"]["containerStatuses"] = [{"ready": False, "state": {"terminated": crash}}]


@pytest.mark.parametrize(
    ("container", "is_quoted"),
    [("presto", True), ("node-sysctls", True), ("plugin-geo", True), ("thief", False), ("plugins", False)],
)
@pytest.mark.parametrize("statuses", ["initContainerStatuses", "containerStatuses"])
def test_last_words_of_containers_of_the_users_are_not_copied(
    statuses: str, container: str, *, is_quoted: bool
) -> None:
    seen = observation(PLAN.apply)
    crash = {"exitCode": 1, "reason": "Error", "message": "the password is hunter2"}
    seen.pods[0]["status"][statuses] = [{"name": container, "ready": False, "state": {"terminated": crash}}]
    message = conditions.degraded(seen, PLAN, []).message
    assert ("hunter2" in message) == is_quoted
    if not is_quoted:
        assert f"kubectl logs {name_of(seen.pods[0])} --container={container}" in message


def test_what_kubernetes_itself_says_of_such_a_container_is_quoted() -> None:
    seen = observation(PLAN.apply)
    waiting = {"reason": "ErrImagePull", "message": "no such image"}
    seen.pods[0]["status"]["initContainerStatuses"] = [{"name": "mine", "ready": False, "state": {"waiting": waiting}}]
    assert "no such image" in conditions.degraded(seen, PLAN, []).message

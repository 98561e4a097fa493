"""The conditions of a cluster but for Progressing, each from what is known of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from presto_operator.api import NODE_SYSCTLS_CONTAINER, PLUGIN_CONTAINER_PREFIX, PRESTO_CONTAINER
from presto_operator.desired import cluster_warnings
from presto_operator.metastore import Finding, Outcome, Probe, deciding
from presto_operator.objects import (
    GENERATION_LABEL,
    POOL_LABEL,
    REVISION_LABEL,
    DegradedReason,
    DrainingReason,
    KubernetesObject,
    PodProblem,
    ReadyReason,
    ValidReason,
    clock_time,
    counted,
    described,
    failure,
    generation_of,
    is_starting,
    label_of,
    listed,
    name_of,
    named,
    ready_replicas,
    ready_since,
    refusal,
    role_of,
    wanted_replicas,
)
from presto_operator.planning import (
    HeldDeployment,
    Invalid,
    Memory,
    Observation,
    Plan,
    Spec,
    Unreadable,
    Valid,
    Verdict,
)
from presto_operator.presto import last_words

_MAX_PROBLEMS = 3
_MANY_TIMES = 4
"""How many times `minReadySeconds`: 40 s by default, in which eight polls have failed."""
_OWN_CONTAINERS = (PRESTO_CONTAINER, NODE_SYSCTLS_CONTAINER)
_REFUSAL_CHARACTERS = 700
"""How much of a refusal is quoted: a Pod Security level lists every container and field."""


def valid(spec: Spec, memory: Memory, generation: int) -> Verdict:
    """Whether the spec is valid, with warnings if it is.

    While it can't be read, the last verdict on it stays.

    Args:
        spec: the spec.
        memory: the status so far.
        generation: metadata.generation of the spec.
    """
    match spec:
        case Valid(cluster):
            warnings = cluster_warnings(cluster)
            message = f"the spec is valid, with warnings: {listed(warnings)}" if warnings else "the spec is valid"
            return Verdict("Valid", "True", ValidReason.SPEC_ACCEPTED, message)
        case Invalid(errors):
            message = f"{listed([str(error) for error in errors])}. The running cluster stays as it is."
            return Verdict("Valid", "False", ValidReason.SPEC_REJECTED, message)
        case Unreadable(error):
            unknown = Verdict("Valid", "Unknown", ValidReason.SPEC_UNREADABLE, f"{error}; retrying")
            return memory.condition_for("Valid", generation) or unknown


def ready(observation: Observation, serving: str | None, memory: Memory, now: datetime) -> Verdict:
    """Whether the cluster answers queries.

    A cluster becomes ready once its coordinator reports an active worker, and stays so while it reports nothing. If the
    operator can't reach the coordinator at all, a worker counts once it has been ready for several times as long as
    the coordinator needs to know it: on a busy machine, some polls of a coordinator that has just started fail.

    Args:
        observation: the cluster's objects.
        serving: the generation that serves clients.
        memory: the status so far.
        now: the time.
    """
    if serving is None or not observation.coordinator_is_ready(serving):
        return Verdict("Ready", "False", ReadyReason.COORDINATOR_NOT_READY, "the coordinator is not ready")
    workers = observation.deployments("worker", serving)
    wanted = sum(wanted_replicas(pool) for pool in workers)
    present = sum(ready_replicas(pool) for pool in workers)
    if not wanted:
        message = "the coordinator is serving; no workers are desired"
        return Verdict("Ready", "True", ReadyReason.SERVING, message)
    if not present:
        message = f"no worker is ready ({wanted} desired)"
        return Verdict("Ready", "False", ReadyReason.NO_WORKER_READY, message)
    if not _has_active_worker(observation, workers, memory, now):
        message = "workers are ready, but the coordinator does not report any of them as active yet"
        return Verdict("Ready", "False", ReadyReason.NO_WORKER_ACTIVE, message)
    of_wanted = f"{present} of {wanted} workers" if present <= wanted else f"{present} workers"
    message = f"coordinator and {of_wanted} are serving"
    return Verdict("Ready", "True", ReadyReason.SERVING, message)


def _has_active_worker(
    observation: Observation, workers: list[KubernetesObject], memory: Memory, now: datetime
) -> bool:
    if observation.load is not None:
        return observation.load.active_workers > 0
    before = memory.conditions.get("Ready")
    was_ready = before is not None and before.status == "True"
    return was_ready or any(_is_known_for_certain(observation, pool, now) for pool in workers)


def _is_known_for_certain(observation: Observation, pool: KubernetesObject, now: datetime) -> bool:
    """Whether a worker of the Deployment has been ready for long enough, whatever the coordinator reports."""
    needed = timedelta(seconds=_MANY_TIMES * pool["spec"].get("minReadySeconds", 0))
    since = [moment for pod in observation.at_work(pool) if (moment := ready_since(pod)) is not None]
    return any(now - moment >= needed for moment in since)


def degraded(observation: Observation, plan: Plan | None, apply_errors: list[str]) -> Verdict:
    """Whether something is wrong that waiting doesn't mend."""
    if apply_errors:
        return Verdict("Degraded", "True", DegradedReason.APPLY_FAILED, "; ".join(apply_errors[:_MAX_PROBLEMS]))
    if plan and plan.held:
        return Verdict("Degraded", "True", DegradedReason.PODS_REJECTED, _rejected(plan.held))
    if refused := _refused(observation):
        return Verdict("Degraded", "True", DegradedReason.PODS_REFUSED, refused)
    problems = _pod_problems(observation, plan)
    if problems:
        rest = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return Verdict("Degraded", "True", DegradedReason.PODS_FAILING, f"{problems[0]}{rest}")
    if plan and plan.placement.unplaced:
        message = (
            f"{counted(plan.placement.unplaced, 'worker')} more than the pools' maxReplicas allow: raise one of them, "
            "or lower workers.replicas or autoscaling.maxReplicas"
        )
        return Verdict("Degraded", "True", DegradedReason.POOLS_FULL, message)
    return Verdict("Degraded", "False", DegradedReason.AS_EXPECTED, "no problems found")


def _rejected(held: Sequence[HeldDeployment]) -> str:
    """The Deployments whose pods the kubelet rejects, in its own words."""
    first, *others = held
    more = f" (and pods of {counted(len(others), 'other Deployment')})" if others else ""
    why = ": ".join(filter(None, (first.backoff.reason, first.backoff.message)))
    pods = counted(first.replicas, "pod")
    return (
        f'the kubelet rejects pods of Deployment "{first.name}"{more}: {why}. It is held at {pods} and tried again at '
        f"{clock_time(first.backoff.until)}. Correct the spec, which is applied at once, or the nodes"
    )


def _refused(observation: Observation) -> str:
    """The pods that Kubernetes refuses to create, in its own words; empty if it refuses none."""
    deployments = observation.deployments("coordinator") + observation.deployments("worker")
    refused = [(obj, words) for obj in deployments if (words := refusal(obj))]
    if not refused:
        return ""
    (first, words), *others = refused
    more = f" (and pods of {counted(len(others), 'other Deployment')})" if others else ""
    return (
        f"Kubernetes refuses pods of {described(first)}{more}: {words[:_REFUSAL_CHARACTERS]}. "
        "Change what refuses them, or the spec; pods are created as soon as they are allowed"
    )


def _pod_problems(observation: Observation, plan: Plan | None) -> list[str]:
    """The failing pods: those of the desired generation first, and the others with what they belong to."""
    failing = [(pod, problem) for pod in observation.pods if (problem := failure(pod)) is not None]
    marked = [(_origin(pod, plan), problem) for pod, problem in failing]
    return [_problem(origin, problem) for origin, problem in sorted(marked, key=lambda item: bool(item[0]))]


def _problem(origin: str, problem: PodProblem) -> str:
    pod = f"{problem.pod} ({origin})" if origin else problem.pod
    return str(replace(problem, pod=pod, message=_words(problem)))


def _words(problem: PodProblem) -> str:
    """What is told of a failure.

    The words of a container that the user has added aren't: it may print a Secret, and more people may read conditions
    and Events than Secrets and logs.
    """
    name = problem.crashed_container
    if not name or name in _OWN_CONTAINERS or name.startswith(PLUGIN_CONTAINER_PREFIX):
        return last_words(problem.message)
    return f"container {name} says why: kubectl logs {problem.pod} --container={name} --previous"


def _origin(pod: KubernetesObject, plan: Plan | None) -> str:
    """What a pod belongs to that is not, or no longer, desired; empty if it is desired."""
    if plan is None:
        return ""
    if generation_of(pod) != plan.wanted_generation:
        return "old generation"
    labels = (GENERATION_LABEL, POOL_LABEL, REVISION_LABEL)
    desired = {
        tuple(label_of(obj, label) for label in labels) for obj in plan.apply if name_of(obj) in plan.worker_deployments
    }
    is_old = role_of(pod) == "worker" and tuple(label_of(pod, label) for label in labels) not in desired
    return "old revision" if is_old else ""


def draining(observation: Observation) -> Verdict:
    """Whether workers are finishing their tasks before they stop."""
    names = [name_of(pod) for pod in draining_workers(observation)]
    if not names:
        return Verdict("Draining", "False", DrainingReason.NONE_DRAINING, "no workers are draining")
    message = f"{counted(len(names), 'worker')} finishing tasks: {named(names)}"
    return Verdict("Draining", "True", DrainingReason.WORKERS_DRAINING, message)


def draining_workers(observation: Observation) -> list[KubernetesObject]:
    """The worker pods that are terminating and may have tasks; one that has never come up has none."""
    return [pod for pod in observation.leaving_workers() if not is_starting(pod, PRESTO_CONTAINER)]


def metastore_available(findings: Mapping[Probe, Finding | None], memory: Memory, generation: int) -> Verdict:
    """Whether Presto can use its metastore.

    Args:
        findings: the result of the last check of each of its URIs, in their order; None before the first one.
        memory: the status so far. What it says of this spec stays until something else is known, so that a restart of
            the operator changes nothing.
        generation: metadata.generation of the spec.
    """
    found = {probe: finding or Finding(Outcome.NOT_CHECKED, "is being checked") for probe, finding in findings.items()}
    decisive = deciding(found.values())
    if decisive is None:
        return Verdict("MetastoreAvailable", "Unknown", Outcome.NOT_CHECKED, "the metastore has not been checked yet")
    if decisive.outcome is Outcome.NOT_CHECKED and None in findings.values():
        before = memory.condition_for("MetastoreAvailable", generation)
        if before is not None:
            return before
    # The decisive finding comes first, so that it is not among those that are left out.
    by_weight = sorted(found.items(), key=lambda item: item[1] is not decisive)
    details = [f"{probe.address} {finding.detail}" for probe, finding in by_weight if finding.detail]
    # An Event shows the message without its condition, so the message has to say what it is about.
    message = f"metastore {'; '.join(details[:_MAX_PROBLEMS])}"
    if decisive.outcome is Outcome.NOT_CHECKED:
        return Verdict("MetastoreAvailable", "Unknown", Outcome.NOT_CHECKED, message)
    if decisive.is_failure:
        effect = "Queries that need its tables fail until it answers; Presto keeps running."
        return Verdict("MetastoreAvailable", "False", decisive.outcome, f"{message}. {effect}")
    answering = by_weight[0][0].address
    message = f"metastore {'; '.join([f'{answering} answers', *details[:_MAX_PROBLEMS]])}"
    return Verdict("MetastoreAvailable", "True", decisive.outcome, message)

"""The conditions of a cluster, each from what is known of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from presto_operator.desired import retry_warnings
from presto_operator.metastore import Finding, Outcome, Probe, deciding
from presto_operator.objects import (
    described,
    failure,
    is_rolled_out,
    kind_and_name,
    name_of,
    named,
    pool_of,
    ready_replicas,
    unschedulable,
    wanted_replicas,
)
from presto_operator.planning import Invalid, Memory, Observation, Plan, Spec, Unreadable, Valid, Verdict
from presto_operator.presto import last_words

_MAX_PROBLEMS = 3

VOLATILE_REASONS = ("WaitingForQueries", "OldGenerationLingers")
"""Reasons whose message carries a number that moves all the time: how many queries are unfinished."""


def valid(spec: Spec, memory: Memory, generation: int) -> Verdict:
    """Whether the spec is valid, with warnings if it is.

    While it can't be read, what was last said of it holds.

    Args:
        spec: the spec.
        memory: the status as it is.
        generation: metadata.generation of the spec.
    """
    match spec:
        case Valid(cluster):
            warnings = retry_warnings(cluster.spec)
            told = f"accepted, but: {'; '.join(warnings)}" if warnings else ""
            return Verdict("Valid", "True", "SpecAccepted", told)
        case Invalid(errors):
            listed = "; ".join(str(error) for error in errors)
            return Verdict("Valid", "False", "InvalidSpec", f"{listed}. The running cluster is left as it is.")
        case Unreadable(error):
            unknown = Verdict("Valid", "Unknown", "SpecNotRead", f"{error}; it is tried again")
            return memory.condition_for("Valid", generation) or unknown


def ready(observation: Observation, serving: str | None) -> Verdict:
    """Whether the cluster answers queries."""
    if serving is None or not observation.coordinator_is_ready(serving):
        return Verdict("Ready", "False", "CoordinatorNotReady", "the coordinator does not take queries yet")
    workers = observation.deployments("worker", serving)
    wanted = sum(wanted_replicas(pool) for pool in workers)
    if wanted and not sum(ready_replicas(pool) for pool in workers):
        return Verdict("Ready", "False", "NoWorkerReady", f"none of {wanted} workers is ready yet")
    if wanted and observation.load is not None and observation.load.active_workers == 0:
        return Verdict("Ready", "False", "NoWorkerActive", "no worker has announced itself to the coordinator yet")
    return Verdict("Ready", "True", "Serving", "")


def progressing(observation: Observation, plan: Plan | None) -> Verdict:
    """Whether the children are still on their way to what the spec asks for."""
    pending = _pending(observation, plan)
    limited = plan.placement.explanations if plan else ()
    if not pending:
        return Verdict("Progressing", "False", "UpToDate", "; ".join(limited))
    pending += limited
    without_node = [problem for pod in observation.pods if (problem := unschedulable(pod))]
    if without_node:
        pending.append(f"{len(without_node)} without a node: {without_node[0].message}")
    return Verdict("Progressing", "True", _progress_reason(observation, plan), "; ".join(pending))


def _progress_reason(observation: Observation, plan: Plan | None) -> str:
    if plan is None:
        return "RollingOut"
    if plan.hold.takeover or plan.hold.last_worker:
        return "WaitingForQueries"
    if plan.serving_generation != plan.wanted_generation:
        return "NewGeneration"
    return "OldGenerationLingers" if _former_generations(observation, plan) else "RollingOut"


def _former_generations(observation: Observation, plan: Plan) -> list[str]:
    """Generations that have nothing more to do than to go."""
    return sorted(set(observation.generations()) - {plan.wanted_generation, plan.serving_generation})


def _pending(observation: Observation, plan: Plan | None) -> list[str]:
    generations = {plan.wanted_generation, plan.serving_generation} if plan else set(observation.generations())
    pending = []
    if plan and (missing := _missing(observation, plan)):
        pending.append(f"{len(missing)} objects are still to be made, {missing[0]} among them")
    if plan and plan.hold.is_on:
        pending.append(plan.hold.message)
    elif plan and plan.wanted_generation != plan.serving_generation:
        pending.append(
            f"generation {plan.wanted_generation} comes up beside {plan.serving_generation}, which serves until then"
        )
    elif plan:
        pending += [f"generation {former} no longer serves" for former in _former_generations(observation, plan)]
    for generation in sorted(generations):
        pending += [
            f"coordinator {generation} is starting"
            for coordinator in observation.deployments("coordinator", generation)
            if not is_rolled_out(coordinator)
        ]
        if plan and generation == plan.wanted_generation:
            pending += _pending_workers(observation, plan)
        else:
            pending += [
                f"pool {pool_of(pool)} has {ready_replicas(pool)} of {wanted_replicas(pool)} workers ready"
                for pool in observation.deployments("worker", generation)
                if not is_rolled_out(pool)
            ]
    return pending


def _pending_workers(observation: Observation, plan: Plan) -> list[str]:
    """What the workers of the wanted generation still lack."""
    pending = []
    if old := plan.old_workers(observation):
        replaced = f"{plan.updated_workers(observation)} of {plan.placement.total} workers are as the spec asks for"
        leaving = len(observation.leaving_workers())
        pending.append(f"{replaced}, {old} old ones are left" + (f", {leaving} are leaving" if leaving else ""))
        if failing := _failing_workers(observation, plan):
            pending.append(f"{failing} new workers can't start, and no old one goes before they do")
    if at_risk := observation.to_be_replaced:
        pending.append(f"workers on nodes at risk: {len(at_risk)}; they go when others have taken over")
    for pool in observation.deployments("worker", plan.wanted_generation):
        wanted = plan.placement.replicas_by_pool.get(pool_of(pool), 0)
        is_ours = name_of(pool) in plan.worker_deployments
        if is_ours and not (is_rolled_out(pool) and wanted_replicas(pool) == wanted):
            pending.append(f"pool {pool_of(pool)} has {ready_replicas(pool)} of {wanted} workers ready")
    return pending


def _failing_workers(observation: Observation, plan: Plan) -> int:
    """Workers that are as the spec asks for, and can't start."""
    revisions = observation.revisions(plan.wanted_generation, plan.worker_deployments)
    return sum(revision.failing for revision in revisions if revision.is_wanted)


def draining(observation: Observation) -> Verdict:
    """Whether workers are on their way out."""
    leaving = [name_of(pod) for pod in observation.leaving_workers()]
    if not leaving:
        return Verdict("Draining", "False", "NoneLeaving", "")
    return Verdict("Draining", "True", "WorkersLeaving", f"finishing their tasks: {named(leaving)}")


def _missing(observation: Observation, plan: Plan) -> list[str]:
    there = {kind_and_name(obj) for obj in observation.children}
    return [described(obj) for obj in plan.apply if kind_and_name(obj) not in there]


def degraded(observation: Observation, plan: Plan | None, apply_errors: list[str]) -> Verdict:
    """Whether something is wrong that doesn't mend itself by waiting."""
    if apply_errors:
        return Verdict("Degraded", "True", "ApplyFailed", "; ".join(apply_errors[:_MAX_PROBLEMS]))
    problems = [problem for pod in observation.pods if (problem := failure(pod))]
    if problems:
        quoted = replace(problems[0], message=last_words(problems[0].message))
        rest = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return Verdict("Degraded", "True", "PodsFailing", f"{quoted}{rest}")
    if plan and plan.placement.unplaced:
        return Verdict(
            "Degraded",
            "True",
            "PoolsFull",
            f"workers without a place: {plan.placement.unplaced}; raise a pool's maxReplicas or lower workers.replicas",
        )
    return Verdict("Degraded", "False", "AsExpected", "")


def metastore_available(findings: Mapping[Probe, Finding | None], memory: Memory, generation: int) -> Verdict:
    """Whether Presto can use its metastore.

    Args:
        findings: what came of asking each of its URIs, in their order; None where nothing has come of it yet.
        memory: the status as it is. What it says of this spec holds until something else is known: an operator that
            was restarted shall not report that it knows nothing.
        generation: metadata.generation of the spec.
    """
    found = {probe: finding or Finding(Outcome.NOT_CHECKED, "is being asked") for probe, finding in findings.items()}
    decisive = deciding(found.values())
    if decisive is None:
        return Verdict("MetastoreAvailable", "Unknown", Outcome.NOT_CHECKED, "the spec can't be read")
    if decisive.outcome is Outcome.NOT_CHECKED and None in findings.values():
        before = memory.condition_for("MetastoreAvailable", generation)
        if before is not None:
            return before
    # What decides comes first, and is not among those that are left out.
    by_weight = sorted(found.items(), key=lambda item: item[1] is not decisive)
    told = [f"{probe.address} {finding.detail}" for probe, finding in by_weight if finding.detail]
    # An Event shows the message without its condition: it has to say itself what it is about.
    message = f"metastore {'; '.join(told[:_MAX_PROBLEMS])}"
    if decisive.outcome is Outcome.NOT_CHECKED:
        return Verdict("MetastoreAvailable", "Unknown", Outcome.NOT_CHECKED, message)
    if decisive.is_failure:
        return Verdict(
            "MetastoreAvailable",
            "False",
            decisive.outcome,
            f"{message}. Queries that need its tables fail until it answers; Presto is left as it is.",
        )
    answering = by_weight[0][0].address
    return Verdict(
        "MetastoreAvailable",
        "True",
        decisive.outcome,
        f"metastore {'; '.join([f'{answering} answers', *told[:_MAX_PROBLEMS]])}",
    )

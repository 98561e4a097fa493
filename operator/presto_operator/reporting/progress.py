"""The condition Progressing: what is still missing until the cluster is as its spec says. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from presto_operator.objects import (
    KubernetesObject,
    ProgressingReason,
    counted,
    described,
    enumerated,
    is_rolled_out,
    kind_and_name,
    name_of,
    pool_of,
    ready_replicas,
    unschedulable,
    wanted_replicas,
)
from presto_operator.planning import Invalid, Memory, Observation, Plan, Spec, Verdict

VOLATILE_REASONS = (ProgressingReason.WAITING_FOR_QUERIES, ProgressingReason.OLD_GENERATION_LINGERS)
"""Reasons whose message has a number that changes all the time: how many queries run."""


def progressing(
    spec: Spec,
    generation: int,
    observation: Observation,
    plan: Plan | None,
    memory: Memory,
    because: str,
    *,
    waits: Sequence[str] = (),
) -> Verdict:
    """Whether the cluster is still changing towards its spec.

    While the spec can't be read, the last verdict on it stays.

    Args:
        spec: the spec.
        generation: metadata.generation of the spec.
        observation: the cluster's objects after the plan was carried out.
        plan: what was planned; None if the spec isn't known to be valid.
        memory: the status so far.
        because: why there is a roll-out; empty if there is none, or if it isn't known.
        waits: what waits for other clusters, or for the end of queries, besides what the plan holds.
    """
    if isinstance(spec, Invalid):
        message = "the spec has errors; the running cluster stays as it is until they are corrected"
        return Verdict("Progressing", "False", ProgressingReason.SPEC_REJECTED, message)
    if plan is None:
        message = "a Secret or ConfigMap that the spec refers to can't be read; the running cluster stays as it is"
        unknown = Verdict("Progressing", "Unknown", ProgressingReason.SPEC_UNREADABLE, message)
        return memory.condition_for("Progressing", generation) or unknown
    steps = [*waits, *_planned_steps(observation, plan, because), *_starting_coordinators(observation, plan)]
    steps += _unfinished_workers(observation, plan, because)
    if not steps:
        message = "; ".join(("the cluster is as its spec says", *plan.placement.explanations))
        return Verdict("Progressing", "False", ProgressingReason.UP_TO_DATE, message)
    reason = _reason(observation, plan, memory, is_waiting=bool(waits))
    scaling = [f"scaling to {counted(plan.placement.total, 'worker')}"] if reason is ProgressingReason.SCALING else []
    message = "; ".join((*scaling, *steps, *plan.placement.explanations, *_without_a_node(observation)))
    return Verdict("Progressing", "True", reason, message)


def _reason(observation: Observation, plan: Plan, memory: Memory, *, is_waiting: bool) -> ProgressingReason:
    """The first of these that holds."""
    before = memory.conditions.get("Progressing")
    is_first_start = before is None or memory.serving_generation is None
    reason_before = None if before is None else before.reason
    has_scaled = plan.placement.total != sum(memory.shares.values())
    checks = {
        ProgressingReason.WAITING_FOR_TURN: plan.waits_for_turn,
        ProgressingReason.WAITING_FOR_QUERIES: plan.hold.takeover or plan.hold.last_worker or is_waiting,
        ProgressingReason.NEW_GENERATION: plan.serving_generation != plan.wanted_generation,
        ProgressingReason.STARTING: is_first_start or reason_before is ProgressingReason.STARTING,
        ProgressingReason.OLD_GENERATION_LINGERS: bool(_former_generations(observation, plan)),
        ProgressingReason.ROLLING_OUT: plan.old_workers(observation) > 0,
        ProgressingReason.SCALING: has_scaled or reason_before is ProgressingReason.SCALING,
        ProgressingReason.REPLACING_PODS: True,
    }
    return next(reason for reason, holds in checks.items() if holds)


def _former_generations(observation: Observation, plan: Plan) -> list[str]:
    """Generations that only wait to be removed."""
    return sorted({*observation.generations()} - {plan.wanted_generation, plan.serving_generation})


def _planned_steps(observation: Observation, plan: Plan, because: str) -> list[str]:
    """Objects that are missing, and the generation that replaces another one."""
    steps = []
    if missing := _missing(observation, plan):
        steps.append(f"{counted(len(missing), 'object')} not created yet ({enumerated(missing, most=2)})")
    if plan.hold.is_on:
        steps.append(plan.hold.message)
    elif plan.waits_for_turn:
        pass
    elif plan.wanted_generation != plan.serving_generation:
        steps.append(_with_cause(because, _new_generation(observation, plan)))
    else:
        steps += [f"generation {former} is being removed" for former in _former_generations(observation, plan)]
    return steps


def _new_generation(observation: Observation, plan: Plan) -> str:
    wanted, serving = plan.wanted_generation, plan.serving_generation
    if observation.coordinator_is_ready(serving):
        return f"generation {wanted} is starting, and {serving} serves until it is complete"
    return f"generation {wanted} is starting, and replaces {serving}, which is not ready"


def _missing(observation: Observation, plan: Plan) -> list[str]:
    present = {kind_and_name(obj) for obj in observation.children}
    return [described(obj) for obj in (*plan.kept.apply, *plan.apply) if kind_and_name(obj) not in present]


def _starting_coordinators(observation: Observation, plan: Plan) -> list[str]:
    generations = sorted({plan.wanted_generation, plan.serving_generation})
    return [
        "the coordinator is starting" if len(generations) == 1 else f"the coordinator of {generation} is starting"
        for generation in generations
        for coordinator in observation.deployments("coordinator", generation)
        if not is_rolled_out(coordinator)
    ]


def _unfinished_workers(observation: Observation, plan: Plan, because: str) -> list[str]:
    """Workers that are still to start, to be replaced or to be removed."""
    steps = []
    if plan.old_workers(observation):
        steps.append(_with_cause(because, _rollout(observation, plan)))
    if at_risk := len(observation.to_be_replaced):
        nodes = "its node" if at_risk == 1 else "their nodes"
        steps.append(f"replacing {counted(at_risk, 'worker')} because {nodes} may go away")
    desired = [
        (pool, plan.placement.replicas_by_pool.get(pool_of(pool), 0))
        for pool in observation.deployments("worker", plan.wanted_generation)
        if name_of(pool) in plan.worker_deployments
    ]
    if plan.serving_generation != plan.wanted_generation:
        desired += [
            (pool, wanted_replicas(pool)) for pool in observation.deployments("worker", plan.serving_generation)
        ]
    unfinished = [item for item in desired if not is_rolled_out(item[0]) or wanted_replicas(item[0]) != item[1]]
    steps += [_pool(pool, wanted) for pool, wanted in unfinished if ready_replicas(pool) != wanted]
    if unfinished and not steps:
        steps.append(f"waiting for the Deployments of pools {enumerated([pool_of(pool) for pool, _ in unfinished])}")
    return steps


def _pool(pool: KubernetesObject, wanted: int) -> str:
    ready = ready_replicas(pool)
    if ready > wanted:
        return f"pool {pool_of(pool)} still has {counted(ready, 'worker')}, {wanted} desired"
    return f"pool {pool_of(pool)} has {ready} of {counted(wanted, 'worker')} ready"


def _rollout(observation: Observation, plan: Plan) -> str:
    parts = [f"{plan.updated_workers(observation)} of {counted(plan.placement.total, 'worker')} updated"]
    if leaving := len(observation.leaving_workers()):
        parts.append(f"{leaving} draining")
    if failing := _failing_workers(observation, plan):
        old = counted(plan.old_workers(observation), "old worker")
        are = "is" if plan.old_workers(observation) == 1 else "are"
        parts.append(f"{counted(failing, 'new worker')} can't start, so the {old} {are} kept")
    return ", ".join(parts)


def _failing_workers(observation: Observation, plan: Plan) -> int:
    """Workers that match the spec, and can't start."""
    revisions = observation.revisions(plan.wanted_generation, plan.worker_deployments)
    return sum(revision.failing for revision in revisions if revision.is_wanted)


def _without_a_node(observation: Observation) -> Sequence[str]:
    problems = [problem for pod in observation.pods if (problem := unschedulable(pod))]
    if not problems:
        return ()
    have = "has" if len(problems) == 1 else "have"
    return (f"{counted(len(problems), 'pod')} {have} no node: {problems[0].message}",)


def _with_cause(because: str, step: str) -> str:
    return f"{because}: {step}" if because else step

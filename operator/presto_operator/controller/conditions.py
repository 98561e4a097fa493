"""The conditions of a cluster, each from what is known of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from presto_operator.api import ConditionType, FieldError
from presto_operator.controller.observation import (
    Observation,
    is_rolled_out,
    pool_of,
    ready_replicas,
    wanted_replicas,
)
from presto_operator.controller.plan import Plan
from presto_operator.controller.pods import failure, is_terminating, unschedulable

ConditionStatus = Literal["True", "False", "Unknown"]

_MAX_PROBLEMS = 3


@dataclass(frozen=True)
class Verdict:
    """What a condition shall say."""

    type: ConditionType
    status: ConditionStatus
    reason: str
    message: str


def valid(errors: list[FieldError]) -> Verdict:
    """Whether the spec can be carried out."""
    if not errors:
        return Verdict("Valid", "True", "SpecAccepted", "")
    listed = "; ".join(str(error) for error in errors)
    return Verdict("Valid", "False", "InvalidSpec", f"{listed}. The running cluster is left as it is.")


def ready(observation: Observation, serving: str | None) -> Verdict:
    """Whether the cluster answers queries."""
    if serving is None or not observation.coordinator_is_ready(serving):
        return Verdict("Ready", "False", "CoordinatorNotReady", "the coordinator does not take queries yet")
    workers = observation.deployments("worker", serving)
    wanted = sum(wanted_replicas(pool) for pool in workers)
    if wanted and not sum(ready_replicas(pool) for pool in workers):
        return Verdict("Ready", "False", "NoWorkerReady", f"none of {wanted} workers is ready yet")
    if wanted and observation.stats is not None and observation.stats.active_workers == 0:
        return Verdict("Ready", "False", "NoWorkerActive", "no worker has announced itself to the coordinator yet")
    return Verdict("Ready", "True", "Serving", "")


def progressing(observation: Observation, plan: Plan | None) -> Verdict:
    """Whether the children are still on their way to what the spec asks for."""
    pending = _pending(observation, plan)
    if not pending:
        return Verdict("Progressing", "False", "UpToDate", "")
    reason = "NewGeneration" if plan and plan.serving_generation != plan.wanted_generation else "RollingOut"
    without_node = [problem for pod in observation.pods if (problem := unschedulable(pod))]
    if without_node:
        pending.append(f"{len(without_node)} without a node: {without_node[0].message}")
    return Verdict("Progressing", "True", reason, "; ".join(pending))


def _pending(observation: Observation, plan: Plan | None) -> list[str]:
    generations = {plan.wanted_generation, plan.serving_generation} if plan else set(observation.generations())
    pending = []
    if plan and (missing := _missing(observation, plan)):
        pending.append(f"{len(missing)} objects are still to be made, {missing[0]} among them")
    if plan and plan.wanted_generation != plan.serving_generation:
        pending.append(
            f"generation {plan.wanted_generation} comes up beside {plan.serving_generation}, which serves until then"
        )
    for generation in sorted(generations):
        pending += [
            f"coordinator {generation} is starting"
            for coordinator in observation.deployments("coordinator", generation)
            if not is_rolled_out(coordinator)
        ]
        pending += [
            f"pool {pool_of(pool)} has {ready_replicas(pool)} of {wanted_replicas(pool)} workers ready"
            for pool in observation.deployments("worker", generation)
            if not is_rolled_out(pool)
        ]
    return pending


def draining(observation: Observation) -> Verdict:
    """Whether workers are on their way out."""
    leaving = [pod["metadata"]["name"] for pod in observation.pods_of("worker") if is_terminating(pod)]
    if not leaving:
        return Verdict("Draining", "False", "NoneLeaving", "")
    rest = f" and {len(leaving) - _MAX_PROBLEMS} more" if len(leaving) > _MAX_PROBLEMS else ""
    return Verdict(
        "Draining", "True", "WorkersLeaving", f"finishing their tasks: {', '.join(leaving[:_MAX_PROBLEMS])}{rest}"
    )


def _missing(observation: Observation, plan: Plan) -> list[str]:
    there = {(obj["kind"], obj["metadata"]["name"]) for obj in observation.children}
    planned = [(obj["kind"], obj["metadata"]["name"]) for obj in plan.apply]
    return [f'{kind} "{name}"' for kind, name in planned if (kind, name) not in there]


def degraded(observation: Observation, plan: Plan | None, apply_errors: list[str]) -> Verdict:
    """Whether something is wrong that doesn't mend itself by waiting."""
    if apply_errors:
        return Verdict("Degraded", "True", "ApplyFailed", "; ".join(apply_errors[:_MAX_PROBLEMS]))
    problems = [problem for pod in observation.pods if (problem := failure(pod))]
    if problems:
        rest = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return Verdict("Degraded", "True", "PodsFailing", f"{problems[0]}{rest}")
    if plan and plan.placement.unplaced:
        return Verdict(
            "Degraded",
            "True",
            "PoolsFull",
            f"workers without a place: {plan.placement.unplaced}; raise a pool's maxReplicas or lower workers.replicas",
        )
    return Verdict("Degraded", "False", "AsExpected", "")

"""Why there is a roll-out: what differs between the servers that run and those that the spec asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from presto_operator.desired import Parts, changed_parts, parts_of
from presto_operator.objects import KubernetesObject, enumerated, generation_of, name_of, pool_of
from presto_operator.planning import Observation, Plan

_MARKS = {" (added)": " was added", " (removed)": " was removed"}
"""How `changed_parts` marks a part that only one of two servers has."""


def rollout_reason(observation: Observation, plan: Plan, serving: str | None) -> str:
    """What changed, as a sentence such as "the workers' jvm.config changed".

    Empty if nothing is rolled out, or if the Deployments don't say what they consist of.

    Args:
        observation: the cluster's objects, old Deployments among them.
        plan: the desired objects.
        serving: the generation that serves clients.
    """
    desired = [obj for obj in plan.apply if obj["kind"] == "Deployment"]
    if serving is not None and serving != plan.wanted_generation:
        old = [obj for role in ("coordinator", "worker") for obj in observation.deployments(role, serving)]
        new = [obj for obj in desired if generation_of(obj) == plan.wanted_generation]
        return _sentence(changed_parts(_parts(old), _parts(new)), [])
    replaced = [
        deployment
        for deployment in observation.deployments("worker", plan.wanted_generation)
        if name_of(deployment) not in plan.worker_deployments
    ]
    changed: dict[str, None] = {}
    removed = []
    for deployment in replaced:
        new = [obj for obj in desired if pool_of(obj) == pool_of(deployment)]
        if not new:
            removed.append(pool_of(deployment))
        changed |= dict.fromkeys(changed_parts(parts_of(deployment), _parts(new)))
    return _sentence([*changed], removed)


def _parts(deployments: Iterable[KubernetesObject]) -> Parts:
    return {part: content for deployment in deployments for part, content in parts_of(deployment).items()}


def _sentence(parts: list[str], removed_pools: list[str]) -> str:
    """The parts as clauses; those that were added or removed are marked as such."""
    changed = [part for part in parts if not part.endswith(tuple(_MARKS))]
    clauses = [f"{enumerated(changed)} changed"] if changed else []
    for mark, words in _MARKS.items():
        clauses += [part.removesuffix(mark) + words for part in parts if part.endswith(mark)]
    clauses += [f"the pool {name} was removed" for name in removed_pools]
    return enumerated(clauses)

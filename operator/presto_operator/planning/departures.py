"""Which pods a scale-down of a Deployment removes, and whether Kubernetes removed just those. Pure.

The choice is written on the pods themselves, so nothing has to be remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from presto_operator.objects import (
    EventReason,
    KubernetesObject,
    Notice,
    annotation_of,
    created_at,
    is_ready,
    is_status_current,
    name_of,
    node_of,
    pool_of,
    present_replicas,
    ready_since,
    wanted_replicas,
)
from presto_operator.planning.observation import Observation
from presto_operator.planning.plan import Plan
from presto_operator.planning.reclaim import NodeSignals
from presto_operator.scaling import Candidate, Departure, departure, depends_on_tasks

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
"""Of several ready pods, Kubernetes removes the one with the lowest cost first; it defaults to 0."""

FIRST_TO_GO = "-100"

_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Lowering:
    """A Deployment some of whose workers are to be removed."""

    deployment: KubernetesObject
    pods: tuple[KubernetesObject, ...]
    """Its workers, without those that are terminating already."""
    fewer: int
    """By how many its replicas are about to be lowered."""
    to_be_replaced: int
    """How many of the workers on nodes at risk may be removed."""
    first_to_go: frozenset[str]
    replaceable: frozenset[str]
    now: datetime

    @property
    def to_be_asked(self) -> list[KubernetesObject]:
        """The workers whose running tasks decide which are removed."""
        if not depends_on_tasks(self._candidates({}), fewer=self.fewer):
            return []
        return [pod for pod in self.pods if is_ready(pod) and name_of(pod) not in self.first_to_go]

    def departure(self, running_tasks: Mapping[str, int]) -> Departure:
        """The workers to remove; workers that aren't in `running_tasks` count as busy."""
        return departure(self._candidates(running_tasks), fewer=self.fewer, to_be_replaced=self.to_be_replaced)

    def _is_available(self, pod: KubernetesObject) -> bool:
        since = ready_since(pod)
        seconds = self.deployment["spec"].get("minReadySeconds", 0)
        return since is None or since + timedelta(seconds=seconds) <= self.now

    def _candidates(self, running_tasks: Mapping[str, int]) -> list[Candidate]:
        return [
            Candidate(
                name=name_of(pod),
                created_at=created_at(pod) or _EPOCH,
                is_ready=is_ready(pod),
                is_available=self._is_available(pod),
                is_first_to_go=name_of(pod) in self.first_to_go,
                is_to_be_replaced=name_of(pod) in self.replaceable,
                running_tasks=running_tasks.get(name_of(pod)),
            )
            for pod in self.pods
        ]


def lowerings(plan: Plan, observation: Observation, now: datetime) -> list[Lowering]:
    """The Deployments that keep some of their workers and lose others by this plan."""
    planned = {name_of(obj): wanted_replicas(obj) for obj in plan.everything if obj["kind"] == "Deployment"}
    planned |= {name_of(step.deployment): step.replicas for step in plan.scale}
    found = []
    for deployment in observation.deployments("worker"):
        name = name_of(deployment)
        replicas = planned.get(name, 0)
        to_go = plan.at_risk_to_go.get(pool_of(deployment), 0) if name in plan.paced_deployments else 0
        pods = observation.at_work(deployment)
        is_lowered = replicas < wanted_replicas(deployment)
        fewer = max(0, len(pods) - replicas) if is_lowered else 0
        # If all of them are removed, there is nothing to choose.
        if replicas > 0 and (fewer or to_go):
            found.append(
                Lowering(
                    deployment, tuple(pods), fewer, to_go, observation.first_to_go, observation.to_be_replaced, now
                )
            )
    return found


def stayed(observation: Observation) -> list[KubernetesObject]:
    """The workers that were chosen, but stayed, although their Deployment has been scaled down."""
    found = []
    for deployment in observation.deployments("worker"):
        pods = observation.at_work(deployment)
        wanted = wanted_replicas(deployment)
        is_done = is_status_current(deployment) and present_replicas(deployment) <= wanted and len(pods) <= wanted
        found += [pod for pod in pods if is_done and is_chosen(pod)]
    return found


def is_chosen(pod: KubernetesObject) -> bool:
    """Whether the pod has been chosen to be removed."""
    return annotation_of(pod, DELETION_COST) == FIRST_TO_GO


def stayed_notice(pods: list[KubernetesObject]) -> Notice:
    """The Event about workers that were chosen to be removed, but stayed."""
    names = ", ".join(sorted(name_of(pod) for pod in pods))
    message = f"Kubernetes removed other workers instead of the chosen ones, which stay: {names}"
    return Notice("Normal", EventReason.OTHER_WORKER_REMOVED, message)


def replaced_notices(pods: list[KubernetesObject], nodes: NodeSignals) -> list[Notice]:
    """The Events about workers that are removed because their nodes may go away: one per node."""
    by_node: dict[str, list[str]] = {}
    for pod in pods:
        by_node.setdefault(node_of(pod), []).append(name_of(pod))
    return [
        Notice(
            "Normal",
            EventReason.NODE_AT_RISK,
            f"node {node}: {nodes.signal(node).message}; replacements are ready, draining: {', '.join(sorted(names))}",
        )
        for node, names in sorted(by_node.items())
    ]

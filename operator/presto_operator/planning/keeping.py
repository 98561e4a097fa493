"""The objects of the generation that serves while the spec asks for another one, or can't be carried out. Pure.

The spec no longer says what they are, so they come from the record of what the generation was rendered to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from presto_operator.desired import RecordedGeneration
from presto_operator.objects import KubernetesObject, kind_and_name, name_of, pool_of, wanted_replicas
from presto_operator.planning.observation import Observation
from presto_operator.scaling import next_turnover


@dataclass(frozen=True)
class Kept:
    """What is to be done about the generation that serves."""

    apply: tuple[KubernetesObject, ...] = ()
    old_replicas: Mapping[str, int] = field(default_factory=dict)
    """Workers of its former revisions, by the name of their Deployment."""
    needs: frozenset[tuple[str, str]] = frozenset()
    """Kind and name of each object that the generation needs, those that are applied anyway included."""
    at_risk_to_go: Mapping[str, int] = field(default_factory=dict)
    """How many workers on nodes at risk may be removed because they have been replaced, by pool."""

    @property
    def worker_deployments(self) -> set[str]:
        """The names of the Deployments of its workers that are as recorded."""
        return {name_of(obj) for obj in self.apply if obj["kind"] == "Deployment" and pool_of(obj)}


NOTHING_KEPT = Kept()


def kept(
    recorded: RecordedGeneration,
    observation: Observation,
    wanted_by_pool: Mapping[str, int],
    *,
    max_surge: int,
    with_shared: bool,
    besides: Iterable[KubernetesObject] = (),
) -> Kept:
    """What the generation that serves needs: it is healed and scaled, and its workers at risk are replaced.

    Args:
        recorded: the generation, from its record.
        observation: the cluster's present objects.
        wanted_by_pool: the workers that it is to have in each of its pools.
        max_surge: how many workers there may be beyond that.
        with_shared: whether the objects that don't belong to a generation are taken from the record, too.
        besides: objects that are applied anyway.
    """
    generation = recorded.generation
    step = next_turnover(
        wanted_by_pool,
        observation.revisions(generation.name, generation.worker_deployments),
        observation.at_risk(generation.name),
        leaving=len(observation.leaving_workers()),
        max_surge=max_surge,
    )
    is_applied = {kind_and_name(obj) for obj in besides}
    # Pods of the generation can only be created while the account that they name is there.
    shared = [obj for obj in recorded.shared if with_shared or obj["kind"] == "ServiceAccount"]
    objects = [*shared, *generation.objects(step.replicas_by_pool)]
    apply = tuple(obj for obj in objects if kind_and_name(obj) not in is_applied)
    return Kept(apply, step.old_replicas, frozenset(map(kind_and_name, objects)), step.at_risk_to_go)


def serving_shares(
    recorded: RecordedGeneration,
    observation: Observation,
    shares: Mapping[str, int],
    remembered: Mapping[str, int],
) -> dict[str, int]:
    """The workers that the generation that serves is to have in each of its pools.

    In all, they are as many as the spec asks for. Pools that the spec no longer has stay as they are, and the rest is
    distributed over the others as the spec distributes its own: pools that it adds have no workers in this generation.

    Args:
        recorded: the generation, from its record.
        observation: the cluster's present objects.
        shares: the workers of each pool of the spec.
        remembered: the workers of each pool of the generation when status was written.
    """
    pools = recorded.generation.workers
    present = present_shares(recorded, observation, remembered)
    total = sum(shares.values())
    removed = {pool: present[pool] for pool in pools if pool not in shares}
    common = {pool: shares[pool] for pool in pools if pool in shares}
    if not common:
        return _distributed(total, removed)
    return removed | _distributed(max(0, total - sum(removed.values())), common)


def present_shares(
    recorded: RecordedGeneration, observation: Observation, remembered: Mapping[str, int]
) -> dict[str, int]:
    """The workers of each pool of a generation by what status remembers, or else by its Deployments.

    Deployments alone don't tell: somebody may have deleted or scaled them, and a roll-out adds workers for a while.
    """
    found = dict.fromkeys(recorded.generation.workers, 0)
    for deployment in observation.deployments("worker", recorded.generation.name):
        if pool_of(deployment) in found:
            found[pool_of(deployment)] += wanted_replicas(deployment)
    return {pool: remembered.get(pool, count) for pool, count in found.items()}


def _distributed(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`total`, distributed in proportion to the weights: evenly if there are none."""
    if not weights:
        return {}
    even = dict.fromkeys(weights, 1)
    parts = weights if sum(weights.values()) else even
    whole = sum(parts.values())
    counts = {name: total * part // whole for name, part in parts.items()}
    by_remainder = sorted(parts, key=lambda name: (-(total * parts[name] % whole), name))
    for name in by_remainder[: total - sum(counts.values())]:
        counts[name] += 1
    return counts

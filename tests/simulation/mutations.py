"""Former defects of the operator, put back one at a time: a simulation that doesn't find them is worth nothing.

Each takes one mend out of the real code. The names are those of the review that found the defects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest.mock import patch

from presto_operator.api import PrestoCluster
from presto_operator.desired import cluster_objects
from presto_operator.objects import GENERATION_LABEL, KubernetesObject, kind_and_name, name_of
from presto_operator.planning.keeping import NOTHING_KEPT, Kept
from presto_operator.planning.observation import Observation
from presto_operator.planning.removal import without_use
from presto_operator.planning.serving import ServingGeneration, serving_generation
from presto_operator.presto import https_port
from presto_operator.scaling import Revision, Turnover


@dataclass(frozen=True)
class Mutation:
    """A change of one name in one module."""

    defect: str
    """What is wrong with it."""
    module: str
    name: str
    replacement: Any

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the operator have the defect; an error if there is no such name any more."""
        with patch.object(import_module(self.module), self.name, self.replacement):
            yield


def _selected_only(observation: Observation, cluster_name: str, *_: Any, **__: Any) -> ServingGeneration | None:
    services = [obj for obj in observation.children if kind_and_name(obj) == ("Service", cluster_name)]
    selected = [(service["spec"].get("selector") or {}).get(GENERATION_LABEL) for service in services]
    found = serving_generation(observation, cluster_name, None)
    return found if found is not None and found.name in selected else None


def _ports_of_the_spec(cluster: PrestoCluster, generation: str, _: int | None) -> list[KubernetesObject]:
    return cluster_objects(cluster, generation, https_port(cluster.spec.coordinator.config))


def _only_if_nothing_is_refused(_plan: Any, _name: str, refused: Collection[KubernetesObject]) -> bool:
    return not refused


def _with_accounts_in_use(
    apply: tuple[KubernetesObject, ...], kept_generations: set[str | None], observation: Observation
) -> list[KubernetesObject]:
    deployments = [obj for obj in apply if obj["kind"] == "Deployment"]
    named = [obj["spec"]["template"]["spec"].get("serviceAccountName") for obj in deployments]
    accounts = [
        obj for obj in observation.children if obj["kind"] == "ServiceAccount" and name_of(obj) not in named[:1]
    ]
    return [*without_use(apply, kept_generations, observation), *accounts]


def _without_budget(wanted: Mapping[str, int], revisions: Sequence[Revision], _at_risk: Any, **_: Any) -> Turnover:
    return Turnover(dict(wanted), {revision.name: 0 for revision in revisions if not revision.is_wanted}, {})


def _nothing_kept(*_: Any, **__: Any) -> Kept:
    return NOTHING_KEPT


MUTATIONS = {
    "C1": Mutation(
        "which generation serves is known from the selector of the client Service alone",
        "presto_operator.controller.reconcile",
        "serving_generation",
        _selected_only,
    ),
    "H1": Mutation(
        "a ServiceAccount that the new spec doesn't name is removed, though the pods that serve have it",
        "presto_operator.planning.plan",
        "without_use",
        _with_accounts_in_use,
    ),
    "H2": Mutation(
        "the client Service has the HTTPS port of the spec, whichever generation serves",
        "presto_operator.planning.plan",
        "cluster_objects",
        _ports_of_the_spec,
    ),
    "H6": Mutation(
        "nothing is removed while any object is refused",
        "presto_operator.controller.executor",
        "is_served",
        _only_if_nothing_is_refused,
    ),
    "H3": Mutation(
        "every pod and object with the cluster's label is its own",
        "presto_operator.kube.store",
        "_is_of",
        lambda _obj, _key: True,
    ),
    "M7": Mutation(
        "what serves is not created again while the spec asks for another generation",
        "presto_operator.planning.plan",
        "kept",
        _nothing_kept,
    ),
    "budget": Mutation(
        "all old workers are removed at once", "presto_operator.planning.plan", "next_turnover", _without_budget
    ),
    "queries": Mutation(
        "nothing waits for queries",
        "presto_operator.planning.handover",
        "_may_go",
        lambda _activity, _until, _now: True,
    ),
}

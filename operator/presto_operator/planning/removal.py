"""Which objects of a cluster are no longer needed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from presto_operator.desired import Generation, is_record
from presto_operator.objects import KubernetesObject, by_age, generation_of, kind_and_name, name_of, wanted_replicas
from presto_operator.planning.observation import Observation
from presto_operator.planning.serving import service_accounts_in_use

_KEPT_FILES = 5
"""How many unused ConfigMaps, and unused Secrets, are kept, the newest first: to look at them, and to roll back."""

_FILE_KINDS = ("ConfigMap", "Secret")


def without_use(
    apply: tuple[KubernetesObject, ...], kept_generations: set[str | None], observation: Observation
) -> list[KubernetesObject]:
    """Objects of generations that are no longer needed, and ConfigMaps and Secrets that no pod mounts."""
    used = {kind_and_name(obj) for obj in apply}
    used |= {("ServiceAccount", name) for name in service_accounts_in_use(observation)}
    rest = [obj for obj in observation.children if kind_and_name(obj) not in used]
    files = [obj for obj in rest if obj["kind"] in _FILE_KINDS and not is_record(obj)]
    others = [obj for obj in rest if obj["kind"] not in _FILE_KINDS or is_record(obj)]
    return [
        *(obj for obj in others if generation_of(obj) not in kept_generations),
        *(
            unused
            for kind in _FILE_KINDS
            for unused in _unused([obj for obj in files if obj["kind"] == kind], observation)
        ),
    ]


def former_records(
    record: Sequence[KubernetesObject], generation: str, observation: Observation
) -> list[KubernetesObject]:
    """Records of a generation that it had before its workers were changed, once the present one is there."""
    present = {kind_and_name(obj) for obj in observation.children}
    used = {kind_and_name(obj) for obj in record}
    if not record or not used <= present:
        return []
    return [
        obj
        for obj in observation.children
        if is_record(obj) and generation_of(obj) == generation and kind_and_name(obj) not in used
    ]


def finished_revisions(observation: Observation, desired: Generation, *, is_serving: bool) -> list[KubernetesObject]:
    """Deployments of old workers that have no workers left.

    One whose last worker still drains stays, in case the change is taken back.
    """
    return [
        deployment
        for deployment in observation.deployments("worker", desired.name)
        if name_of(deployment) not in desired.worker_deployments
        and (not is_serving or (wanted_replicas(deployment) == 0 and not observation.workers_of(deployment)))
    ]


def _unused(files: list[KubernetesObject], observation: Observation) -> list[KubernetesObject]:
    """The ConfigMaps or Secrets that no server uses, without the newest few."""
    used = {identity for pod in observation.pods for identity in _mounted(pod["spec"])}
    for deployment in observation.deployments("coordinator") + observation.deployments("worker"):
        used.update(_mounted(deployment["spec"]["template"]["spec"]))
    unused = [obj for obj in files if kind_and_name(obj) not in used]
    newest_first = sorted(unused, key=by_age, reverse=True)
    return newest_first[_KEPT_FILES:]


def _mounted(pod_spec: KubernetesObject) -> set[tuple[str, str]]:
    return {
        (kind, source[field]["name"])
        for volume in pod_spec.get("volumes", [])
        for source in volume.get("projected", {}).get("sources", [])
        for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret"))
        if field in source
    }

"""Which objects of a cluster are no longer needed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from presto_operator.desired import Generation, is_record
from presto_operator.objects import (
    KubernetesObject,
    by_age,
    generation_of,
    kind_and_name,
    mounted_files,
    name_of,
    wanted_replicas,
)
from presto_operator.planning.observation import Observation
from presto_operator.planning.serving import service_accounts_in_use

_KEPT_FILES = 5
"""How many unused ConfigMaps are kept, the newest first: to look at them, and to roll back."""
_MOST_FILES_REMOVED = 50
"""How many unused ConfigMaps are removed in one pass, the oldest: there may be thousands with a forged owner."""

_FILE_KINDS = ("ConfigMap", "Secret")


def without_use(
    apply: tuple[KubernetesObject, ...], kept_generations: set[str | None], observation: Observation
) -> list[KubernetesObject]:
    """Objects of generations that are no longer needed, and ConfigMaps and Secrets that no server uses.

    Secrets go before the Deployments and the records by which they are found: the operator can't list Secrets.
    """
    used = {kind_and_name(obj) for obj in apply}
    used |= {("ServiceAccount", name) for name in service_accounts_in_use(observation)}
    rest = [obj for obj in observation.children if kind_and_name(obj) not in used]
    files = [obj for obj in rest if obj["kind"] in _FILE_KINDS and not is_record(obj)]
    others = [obj for obj in rest if obj["kind"] not in _FILE_KINDS or is_record(obj)]
    old = [obj for obj in others if generation_of(obj) not in kept_generations]
    return [
        *_unused_secrets(files, old, observation),
        *_secrets_first(old),
        *_unused_config_maps(files, observation),
    ]


def former_records(
    record: Sequence[KubernetesObject], generation: str, observation: Observation
) -> list[KubernetesObject]:
    """Records of a generation that it had before its workers were changed, once the present one is there."""
    present = {kind_and_name(obj) for obj in observation.children}
    used = {kind_and_name(obj) for obj in record}
    if not record or not used <= present:
        return []
    return _secrets_first(
        [
            obj
            for obj in observation.children
            if is_record(obj) and generation_of(obj) == generation and kind_and_name(obj) not in used
        ]
    )


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


def _secrets_first(objects: Sequence[KubernetesObject]) -> list[KubernetesObject]:
    return sorted(objects, key=lambda obj: obj["kind"] != "Secret")


def _unused_secrets(
    files: list[KubernetesObject], removed: list[KubernetesObject], observation: Observation
) -> list[KubernetesObject]:
    """The Secrets that only Deployments which are removed mount, or none.

    Pods that still drain have read them, and kubelets keep immutable Secrets that they have mounted.
    """
    going = {name_of(obj) for obj in removed if obj["kind"] == "Deployment"}
    used = {
        identity
        for deployment in observation.deployments("coordinator") + observation.deployments("worker")
        if name_of(deployment) not in going
        for identity in mounted_files(deployment["spec"]["template"]["spec"])
    }
    return [obj for obj in files if obj["kind"] == "Secret" and kind_and_name(obj) not in used]


def _unused_config_maps(files: list[KubernetesObject], observation: Observation) -> list[KubernetesObject]:
    """The ConfigMaps that no server uses, without the newest few."""
    used = {identity for pod in observation.pods for identity in mounted_files(pod["spec"])}
    for deployment in observation.deployments("coordinator") + observation.deployments("worker"):
        used.update(mounted_files(deployment["spec"]["template"]["spec"]))
    unused = [obj for obj in files if obj["kind"] == "ConfigMap" and kind_and_name(obj) not in used]
    newest_first = sorted(unused, key=by_age, reverse=True)
    return newest_first[_KEPT_FILES:][-_MOST_FILES_REMOVED:]

"""The record of a generation: what it was rendered to, so that it can be put right when the spec asks for another one.

The objects stand in ControllerRevisions, the API server's kind for just that, whose data can't be changed. Those with
secret values stand in a Secret. A record is named by its content: other content makes another record.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from presto_operator.api import PrestoCluster
from presto_operator.desired.object import child, content_hash
from presto_operator.objects import (
    CLUSTER_LABEL,
    GENERATION_LABEL,
    GROUP,
    RECORD_SECRET_ANNOTATION,
    KubernetesObject,
    annotation_of,
    by_age,
    is_owned_by,
    kind_and_name,
    label_of,
    name_of,
    namespace_of,
)

RECORD_ANNOTATION = f"{GROUP}/record"
"""On the parts of a record: what the record is called."""
PARTS_COUNT_ANNOTATION = f"{GROUP}/record-parts"
"""On the ControllerRevisions of a record: how many there are."""

_CONTROLLER_REVISION = "ControllerRevision"
_MOST_BYTES = 600_000
"""How much JSON stands in one ControllerRevision; etcd takes 1.5 MiB in a request. A larger object stands alone: a
ConfigMap has 1 MiB at most."""
_KINDS = ("ConfigMap", "Secret", "Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy", "Deployment")


def record_objects(
    cluster: PrestoCluster, generation: str, objects: Iterable[KubernetesObject], *, most_bytes: int = _MOST_BYTES
) -> tuple[KubernetesObject, ...]:
    """The objects that a record of these objects consists of, in parts of at most so many bytes of JSON."""
    recorded = list(objects)
    open_ones = [obj for obj in recorded if obj["kind"] != "Secret"]
    secrets = [obj for obj in recorded if obj["kind"] == "Secret"]
    # Secrets are named by their content, so that their names stand for it here.
    content = {"objects": open_ones, "secrets": sorted(map(name_of, secrets))}
    name = f"{cluster.name}-{generation}-{content_hash(content)}"
    parts = list(_parts(open_ones, most_bytes))
    labels = {GENERATION_LABEL: generation}
    annotations = {RECORD_ANNOTATION: name, PARTS_COUNT_ANNOTATION: str(len(parts))}
    if secrets:
        # The operator can't list Secrets: this is how it finds this one.
        annotations[RECORD_SECRET_ANNOTATION] = name
    revisions = [
        child(
            cluster,
            "apps/v1",
            _CONTROLLER_REVISION,
            f"{name}-{number}",
            labels=labels,
            annotations=annotations,
            data={"objects": part},
            revision=1,
        )
        for number, part in enumerate(parts, start=1)
    ]
    if not secrets:
        return tuple(revisions)
    data = {name_of(obj): base64.b64encode(json.dumps(obj, sort_keys=True).encode()).decode() for obj in secrets}
    kept = child(
        cluster,
        "v1",
        "Secret",
        name,
        labels=labels,
        annotations={RECORD_ANNOTATION: name},
        immutable=True,
        type="Opaque",
        data=data,
    )
    return (kept, *revisions)


def is_record(obj: Mapping[str, Any]) -> bool:
    """Whether the object is a part of a record."""
    return bool(annotation_of(obj, RECORD_ANNOTATION))


def newest_record(parts: Iterable[KubernetesObject], generation: str) -> tuple[KubernetesObject, ...]:
    """The parts of the newest complete record of a generation; empty if there is none. It needs only their metadata."""
    by_name: dict[str, list[KubernetesObject]] = {}
    for obj in parts:
        if is_record(obj) and label_of(obj, GENERATION_LABEL) == generation:
            by_name.setdefault(annotation_of(obj, RECORD_ANNOTATION), []).append(obj)
    complete = [found for found in by_name.values() if _is_complete(found)]
    newest = max(complete, key=lambda found: max(map(by_age, found)), default=[])
    return tuple(sorted(newest, key=kind_and_name))


def recorded_objects(parts: Iterable[KubernetesObject], *, uid: str) -> tuple[KubernetesObject, ...]:
    """The objects that a record holds. Whatever isn't an object of the cluster is ignored.

    Args:
        parts: the parts of the record, as the API server has them.
        uid: the uid of the cluster.
    """
    return tuple(
        obj
        for part in parts
        for obj in _content(part)
        if _is_child(obj, label_of(part, CLUSTER_LABEL), namespace_of(part), uid)
    )


def _content(part: KubernetesObject) -> list[Any]:
    try:
        if part["kind"] == _CONTROLLER_REVISION:
            return list(part["data"]["objects"])
        return [json.loads(base64.b64decode(text)) for text in part.get("data", {}).values()]
    except (KeyError, TypeError, ValueError):
        return []


def _is_child(obj: Any, cluster: str, namespace: str, uid: str) -> bool:
    try:
        is_here = namespace_of(obj) == namespace and label_of(obj, CLUSTER_LABEL) == cluster
        return obj["kind"] in _KINDS and is_here and is_owned_by(obj, uid)
    except (AttributeError, KeyError, TypeError):
        return False


def _is_complete(parts: Sequence[KubernetesObject]) -> bool:
    revisions = [part for part in parts if part["kind"] == _CONTROLLER_REVISION]
    return bool(revisions) and str(len(revisions)) == annotation_of(revisions[0], PARTS_COUNT_ANNOTATION)


def _parts(objects: Sequence[KubernetesObject], most_bytes: int) -> Iterator[list[KubernetesObject]]:
    part: list[KubernetesObject] = []
    size = 0
    for obj in objects:
        added = len(json.dumps(obj))
        if part and size + added > most_bytes:
            yield part
            part, size = [], 0
        part.append(obj)
        size += added
    yield part

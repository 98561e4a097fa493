"""What every Kubernetes object says: its name, its labels, its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from presto_operator.objects.times import kubernetes_time

KubernetesObject = dict[str, Any]
"""An object in the form in which the API server sends and takes it."""


def kind_and_name(obj: Mapping[str, Any]) -> tuple[str, str]:
    """What identifies an object within its namespace."""
    return obj["kind"], obj["metadata"]["name"]


def described(obj: Mapping[str, Any]) -> str:
    """The object in a message, such as `Deployment "adhoc-r5"`."""
    kind, name = kind_and_name(obj)
    return f'{kind} "{name}"'


def name_of(obj: Mapping[str, Any]) -> str:
    """`metadata.name`."""
    name: str = obj["metadata"]["name"]
    return name


def namespace_of(obj: Mapping[str, Any]) -> str:
    """`metadata.namespace`; empty for an object that has none, such as a Node."""
    namespace: str = obj["metadata"].get("namespace", "")
    return namespace


def uid_of(obj: Mapping[str, Any]) -> str:
    """`metadata.uid`, which tells an object from another one that had the same name before."""
    uid: str = obj["metadata"]["uid"]
    return uid


def resource_version_of(obj: Mapping[str, Any]) -> int:
    """`metadata.resourceVersion`; 0 if the object has none yet.

    A larger one is newer: Kubernetes guarantees that since 1.35, and every earlier release on etcd has it so.
    """
    return int(obj["metadata"].get("resourceVersion", 0))


def metadata_generation(obj: Mapping[str, Any]) -> int:
    """`metadata.generation`, which grows with each change of the spec; 0 if the object has none."""
    return int(obj["metadata"].get("generation", 0))


def created_at(obj: Mapping[str, Any]) -> datetime | None:
    """`metadata.creationTimestamp`; None if the object was not created yet."""
    return kubernetes_time(obj["metadata"].get("creationTimestamp"))


def by_age(obj: Mapping[str, Any]) -> tuple[str, str]:
    """Key for sorting objects: the oldest first, and by name those of the same second."""
    return obj["metadata"].get("creationTimestamp", ""), name_of(obj)


def is_terminating(obj: Mapping[str, Any]) -> bool:
    """Whether the object was deleted, and is still there because it has not ended yet."""
    return "deletionTimestamp" in obj["metadata"]


def label_of(obj: Mapping[str, Any], label: str) -> str:
    """The value of a label; empty if the object doesn't have it."""
    value: str = (obj["metadata"].get("labels") or {}).get(label, "")
    return value


def annotation_of(obj: Mapping[str, Any], annotation: str) -> str:
    """The value of an annotation; empty if the object doesn't have it."""
    value: str = (obj["metadata"].get("annotations") or {}).get(annotation, "")
    return value


def condition_of(obj: Mapping[str, Any], condition_type: str) -> Mapping[str, Any] | None:
    """The item of `status.conditions` of this type; None if there is none."""
    conditions: list[Mapping[str, Any]] = obj.get("status", {}).get("conditions") or []
    return next((condition for condition in conditions if condition.get("type") == condition_type), None)


def has_condition(obj: Mapping[str, Any], condition_type: str, status: str = "True") -> bool:
    """Whether the object has a condition of this type with this status."""
    condition = condition_of(obj, condition_type)
    return condition is not None and condition.get("status") == status


def is_owned_by(obj: Mapping[str, Any], uid: str) -> bool:
    """Whether the object with this uid is the controller of `obj`, by its owner references."""
    controller = controller_of(obj)
    return controller is not None and controller.get("uid") == uid


def controller_of(obj: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The owner reference of the object's controller; None if it has none."""
    owners: list[Mapping[str, Any]] = obj["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)

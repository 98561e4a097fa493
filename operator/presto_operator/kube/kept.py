"""What is kept in memory of an object. Pure.

Anybody who may create ConfigMaps, Services or pods in a namespace could otherwise fill the operator's memory.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from presto_operator.kube.kind import CONFIG_MAP, CONTROLLER_REVISION, SECRET
from presto_operator.objects import GROUP, KubernetesObject

METADATA_ONLY = (CONFIG_MAP, SECRET, CONTROLLER_REVISION)
"""The kinds of which nothing but the metadata is kept. Their contents never change, as they are immutable."""

_BOOKKEEPING = ("generation", "managedFields", "resourceVersion")
_REVISION_ANNOTATION = "deployment.kubernetes.io/revision"
"""Written by the Deployment controller after each change of ours."""
_KEPT_ANNOTATIONS = (f"{GROUP}/", "controller.kubernetes.io/pod-deletion-cost")
"""How the annotations begin that decisions depend on."""


def kept(obj: KubernetesObject) -> KubernetesObject:
    """An object without what no decision depends on: contents of files, field managers, annotations of others."""
    metadata = {name: value for name, value in obj["metadata"].items() if name != "managedFields"}
    if "annotations" in metadata:
        annotations = metadata["annotations"] or {}
        metadata["annotations"] = {
            name: value for name, value in annotations.items() if name.startswith(_KEPT_ANNOTATIONS)
        }
    if _is_metadata_only(obj):
        return {"apiVersion": obj.get("apiVersion", "v1"), "kind": obj["kind"], "metadata": metadata}
    return {**obj, "metadata": metadata}


def size_of(obj: KubernetesObject) -> int:
    """The length of an object as JSON, in characters."""
    return len(json.dumps(obj))


def fingerprint(obj: KubernetesObject) -> str:
    """A hash of what we could have set of a live object.

    It is without status, and without the metadata that Kubernetes keeps for itself. Of kinds of
    which only the metadata is kept it is a hash of that, whether `obj` has its contents or not.
    """
    content: dict[str, Any] = {name: value for name, value in obj.items() if name != "status"}
    if _is_metadata_only(obj):
        content = {"kind": obj["kind"]}
    metadata = {name: value for name, value in obj["metadata"].items() if name not in _BOOKKEEPING}
    annotations = metadata.get("annotations") or {}
    metadata["annotations"] = {name: value for name, value in annotations.items() if name != _REVISION_ANNOTATION}
    return hash_of({**content, "metadata": metadata})


def hash_of(content: object) -> str:
    """A hash of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _is_metadata_only(obj: KubernetesObject) -> bool:
    return obj["kind"] in {kind.name for kind in METADATA_ONLY}

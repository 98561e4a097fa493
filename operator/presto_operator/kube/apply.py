"""Bringing children to their desired state with as few calls as can be."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum

from presto_operator.kube.client import KubernetesClient
from presto_operator.kube.kind import kind_of
from presto_operator.kube.store import ClusterKey, ObjectStore
from presto_operator.objects import KubernetesObject, described, is_owned_by, name_of, namespace_of

_BOOKKEEPING = ("generation", "managedFields", "resourceVersion")
_REVISION_ANNOTATION = "deployment.kubernetes.io/revision"
"""Written by the Deployment controller after each change of ours."""


class Outcome(StrEnum):
    """What became of one apply."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """The API server had nothing to change."""
    SKIPPED = "skipped"
    """Not even asked: neither the desired nor the live object has changed since the last apply."""


class ForeignObjectError(Exception):
    """There already is an object of that name, and it is not this cluster's."""


class Applier:
    """Applies children, and remembers what it applied so that a quiet world costs no call.

    The memory is only a saving: after a restart every child is applied once more, which changes nothing.
    """

    def __init__(self, client: KubernetesClient, store: ObjectStore) -> None:
        self._client = client
        self._store = store
        self._applied: dict[tuple[str, str, str], tuple[str, str]] = {}

    async def apply(self, key: ClusterKey, desired: KubernetesObject) -> Outcome:
        """Make the child as desired.

        Raises:
            ForeignObjectError: the name is taken by an object that the cluster does not own.
            ApiError: the API server refused it or could not be reached.
        """
        kind = kind_of(desired["kind"])
        live = self._store.get(key, kind, name_of(desired))
        if live is None:
            # An object without our labels is not in the store: look before taking it over.
            live = await self._client.get(kind, namespace_of(desired), name_of(desired))
        if live is not None:
            _require_owned(live, desired)
            self._store.put(live)
            if self._applied.get(_identity(desired)) == (_fingerprint(desired), _fingerprint(live)):
                return Outcome.SKIPPED
        applied = await self._client.apply(desired)
        self._store.put(applied)
        self._applied[_identity(desired)] = (_fingerprint(desired), _fingerprint(applied))
        if live is None:
            return Outcome.CREATED
        # Not by resourceVersion: a status may have been written since the live object was seen.
        return Outcome.UNCHANGED if _fingerprint(applied) == _fingerprint(live) else Outcome.UPDATED

    async def scale(self, obj: KubernetesObject, replicas: int) -> None:
        """Give a live Deployment another number of replicas, without an opinion on the rest of it.

        Raises:
            ApiError: the API server refused it or could not be reached.
        """
        self._store.put(await self._client.scale(obj, replicas))

    async def delete(self, obj: KubernetesObject) -> None:
        """Delete a child."""
        await self._client.delete(obj)
        self._store.remove(obj)
        self._applied.pop(_identity(obj), None)


def _identity(obj: KubernetesObject) -> tuple[str, str, str]:
    return obj["kind"], namespace_of(obj), name_of(obj)


def _require_owned(live: KubernetesObject, desired: KubernetesObject) -> None:
    owner = desired["metadata"]["ownerReferences"][0]
    if not is_owned_by(live, owner["uid"]):
        raise ForeignObjectError(
            f'{described(live)} exists and does not belong to {owner["kind"]} "{owner["name"]}": '
            "rename or delete one of them"
        )


def _fingerprint(obj: KubernetesObject) -> str:
    """A hash of what we could have an opinion on: not of status, nor of what Kubernetes notes for itself."""
    metadata = {name: value for name, value in obj["metadata"].items() if name not in _BOOKKEEPING}
    annotations = metadata.pop("annotations", {})
    metadata["annotations"] = {name: value for name, value in annotations.items() if name != _REVISION_ANNOTATION}
    content = {**obj, "metadata": metadata}
    content.pop("status", None)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

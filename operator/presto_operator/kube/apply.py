"""Applying children, without a call where nothing has changed."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum

from presto_operator.kube.api_server import ApiServer
from presto_operator.kube.kind import kind_of
from presto_operator.kube.store import ClusterKey, ObjectStore
from presto_operator.objects import (
    KubernetesObject,
    described,
    is_owned_by,
    name_of,
    namespace_of,
    resource_version_of,
    uid_of,
)

_BOOKKEEPING = ("generation", "managedFields", "resourceVersion")
_REVISION_ANNOTATION = "deployment.kubernetes.io/revision"
"""Written by the Deployment controller after each change of ours."""


class ApplyOutcome(StrEnum):
    """What one apply did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """The API server had nothing to change."""
    SKIPPED = "skipped"
    """The API server was not asked: neither the desired nor the live object has changed since the last apply."""


class ForeignObjectError(Exception):
    """There is an object of that name, and the cluster doesn't own it."""


class Applier:
    """Applies children, and remembers what it applied, so that a cluster that doesn't change costs no call.

    The memory only saves calls: after a restart every child is applied once more, which changes nothing.
    """

    def __init__(self, api: ApiServer, store: ObjectStore) -> None:
        self._api = api
        self._store = store
        self._applied: dict[tuple[str, str, str], tuple[str, str]] = {}
        self._fingerprints: dict[tuple[str, str, str], tuple[tuple[str, int], str]] = {}
        """The fingerprint of each live object, and the uid and resourceVersion that it is of."""

    async def apply(self, key: ClusterKey, desired: KubernetesObject) -> ApplyOutcome:
        """Create or update a child.

        Raises:
            ForeignObjectError: the name is taken by an object that the cluster does not own.
            ApiError: the API server refused it or could not be reached.
        """
        kind = kind_of(desired["kind"])
        live = self._store.get(key, kind, name_of(desired))
        if live is None:
            # An object without our labels is not in the store. It may be somebody else's.
            live = await self._api.get(kind, namespace_of(desired), name_of(desired))
        if live is not None:
            _require_owned(live, desired)
            self._store.put(live)
            if self._applied.get(_identity(desired)) == (_fingerprint(desired), self._fingerprint_of(live)):
                return ApplyOutcome.SKIPPED
        applied = await self._api.apply(desired)
        self._store.put(applied)
        self._applied[_identity(desired)] = (_fingerprint(desired), self._fingerprint_of(applied))
        if live is None:
            return ApplyOutcome.CREATED
        # Not by resourceVersion: a status may have been written since the live object was seen.
        return ApplyOutcome.UNCHANGED if _fingerprint(applied) == _fingerprint(live) else ApplyOutcome.UPDATED

    async def scale(self, obj: KubernetesObject, replicas: int) -> None:
        """Change only the number of replicas of a live Deployment.

        Raises:
            ApiError: the API server refused it or could not be reached.
        """
        self._store.put(await self._api.scale(obj, replicas))

    async def delete(self, obj: KubernetesObject) -> None:
        """Delete a child."""
        await self._api.delete(obj)
        self._store.remove(obj)
        self._applied.pop(_identity(obj), None)
        self._fingerprints.pop(_identity(obj), None)

    def _fingerprint_of(self, live: KubernetesObject) -> str:
        """The fingerprint of a live object, which is computed once for each of its versions."""
        version = uid_of(live), resource_version_of(live)
        known = self._fingerprints.get(_identity(live))
        if known is None or known[0] != version:
            known = self._fingerprints[_identity(live)] = version, _fingerprint(live)
        return known[1]


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
    """A hash of what we could have set: without status, and without the metadata that Kubernetes keeps for itself."""
    metadata = {name: value for name, value in obj["metadata"].items() if name not in _BOOKKEEPING}
    annotations = metadata.pop("annotations", {})
    metadata["annotations"] = {name: value for name, value in annotations.items() if name != _REVISION_ANNOTATION}
    content = {**obj, "metadata": metadata}
    content.pop("status", None)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

"""Applying children, without a call where nothing has changed."""

from __future__ import annotations

from enum import StrEnum

from presto_operator.kube.api_server import ApiServer
from presto_operator.kube.kept import METADATA_ONLY, fingerprint, hash_of
from presto_operator.kube.kind import kind_of
from presto_operator.kube.store import ClusterKey, ObjectStore
from presto_operator.objects import (
    KubernetesObject,
    described,
    is_owned_by,
    kind_and_name,
    name_of,
    namespace_of,
    uid_of,
)

_OF_NO_OBJECT = "1"
"""A resourceVersion that no object has: etcd counts from 1, and the first write makes it 2."""


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
        self._applied: dict[ClusterKey, dict[tuple[str, str], tuple[str, str]]] = {}
        """By kind and name: a hash of what was applied, and the fingerprint of what the API server made of it."""

    async def apply(self, key: ClusterKey, desired: KubernetesObject) -> ApplyOutcome:
        """Create or update a child.

        Raises:
            ForeignObjectError: the name is taken by an object that the cluster does not own.
            ApiError: the API server refused it or could not be reached, or the object was made or replaced by something
                else a moment ago (409, or 422 for another uid).
        """
        live, before = await self._live(key, desired)
        applied = self._applied.setdefault(key, {})
        wish = hash_of(desired)
        if live is not None:
            _require_owned(live, desired)
            if applied.get(kind_and_name(desired)) == (wish, before):
                return ApplyOutcome.SKIPPED
        answer = await self._api.apply(_only(desired, live))
        self._store.put(answer)
        after = fingerprint(answer)
        applied[kind_and_name(desired)] = wish, after
        if live is None:
            return ApplyOutcome.CREATED
        # Not by resourceVersion: a status may have been written since the live object was seen.
        return ApplyOutcome.UNCHANGED if after == before else ApplyOutcome.UPDATED

    async def scale(self, obj: KubernetesObject, replicas: int) -> None:
        """Change only the number of replicas of a live Deployment.

        Raises:
            ApiError: the API server refused it or could not be reached.
        """
        self._store.put(await self._api.scale(obj, replicas))

    async def delete(self, obj: KubernetesObject) -> None:
        """Delete a child."""
        await self._api.delete(obj)
        if (key := self._store.remove(obj)) is not None:
            self._applied.get(key, {}).pop(kind_and_name(obj), None)

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._applied.pop(key, None)

    async def _live(self, key: ClusterKey, desired: KubernetesObject) -> tuple[KubernetesObject | None, str]:
        """The object as it is, and its fingerprint; None if there is none."""
        kind, name = kind_of(desired["kind"]), name_of(desired)
        live = self._store.get(key, kind, name)
        if live is not None:
            return live, self._store.fingerprint(key, kind, name)
        # An object without our labels is not in the store. It may be somebody else's.
        read = self._api.get_metadata if kind in METADATA_ONLY else self._api.get
        live = await read(kind, namespace_of(desired), name)
        if live is None:
            return None, ""
        if is_owned_by(live, desired["metadata"]["ownerReferences"][0]["uid"]):
            self._store.put(live)
        return live, fingerprint(live)


def _only(desired: KubernetesObject, live: KubernetesObject | None) -> KubernetesObject:
    """What to apply so that it changes just `live`; if that is None, so that it only creates an object.

    Otherwise an object that something else made in between would be taken over, and deleted with the cluster.
    """
    precondition = {"resourceVersion": _OF_NO_OBJECT} if live is None else {"uid": uid_of(live)}
    return {**desired, "metadata": {**desired["metadata"], **precondition}}


def _require_owned(live: KubernetesObject, desired: KubernetesObject) -> None:
    owner = desired["metadata"]["ownerReferences"][0]
    if not is_owned_by(live, owner["uid"]):
        raise ForeignObjectError(
            f'{described(live)} exists and does not belong to {owner["kind"]} "{owner["name"]}": '
            "rename or delete one of them"
        )

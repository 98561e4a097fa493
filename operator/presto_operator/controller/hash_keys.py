"""The key with which hashes of a cluster's secrets are made."""

from __future__ import annotations

import base64
import binascii
import secrets

from presto_operator.desired import hash_key_secret
from presto_operator.kube import SECRET, ApiError, ApiServer, ClusterKey
from presto_operator.objects import KubernetesObject, is_owned_by, name_of, uid_of

_KEY_BYTES = 32
"""As long as the hash that it is for (SHA-256)."""


class HashKeys:
    """A key for each cluster that uses secrets, in a Secret of its own beside it.

    It is made once and never changes, so that equal secrets always have equal hashes. With another key, all names that
    contain such a hash are different, and the cluster gets a new generation. It belongs to the cluster rather than to
    the operator: it survives the operator's installation, and every operator that manages the cluster uses the same.
    """

    def __init__(self, api: ApiServer) -> None:
        self._api = api
        self._known: dict[ClusterKey, tuple[str, bytes]] = {}

    async def of(self, key: ClusterKey, body: KubernetesObject) -> bytes:
        """The key of a cluster, made if there is none yet.

        Raises:
            ApiError: the Secret could not be read or written, or isn't the cluster's.
        """
        uid = uid_of(body)
        known = self._known.get(key)
        if known is None or known[0] != uid:
            known = self._known[key] = (uid, await self._read_or_make(body))
        return known[1]

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._known.pop(key, None)

    async def _read_or_make(self, body: KubernetesObject) -> bytes:
        made = hash_key_secret(body, secrets.token_bytes(_KEY_BYTES))
        namespace, name = made["metadata"]["namespace"], name_of(made)
        there = await self._api.get(SECRET, namespace, name)
        if there is None:
            try:
                there = await self._api.create(made)
            except ApiError as error:
                if error.status != 409:
                    raise
                there = await self._api.get(SECRET, namespace, name)
        if there is None or not is_owned_by(there, uid_of(body)):
            raise ApiError(0, f'the Secret "{name}" belongs to something else: delete it')
        return _key_in(there, name)


def _key_in(secret: KubernetesObject, name: str) -> bytes:
    try:
        key = base64.b64decode(secret.get("data", {})["key"], validate=True)
    except (KeyError, binascii.Error):
        key = b""
    if len(key) < _KEY_BYTES:
        raise ApiError(0, f'the Secret "{name}" holds no key: delete it')
    return key

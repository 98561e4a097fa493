"""Finding the operator's own Secrets by name, without a right to list Secrets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from presto_operator.kube.api_server import ApiError, ObjectReader
from presto_operator.kube.kind import CONTROLLER_REVISION, DEPLOYMENT, SECRET
from presto_operator.kube.store import ClusterKey, ObjectStore
from presto_operator.objects import RECORD_SECRET_ANNOTATION, annotation_of, is_owned_by, mounted_files, name_of, uid_of

_logger = logging.getLogger(__name__)


class SecretCopies:
    """Keeps the store up to date about the Secrets that a cluster's servers mount and the operator has made.

    The names are those in the pod templates of the cluster's Deployments, those that records of generations name, and
    those that are known already. So a copy is known for as long as a Deployment mounts it, and until it is deleted,
    also after a restart of the operator.
    """

    def __init__(
        self, api: ObjectReader, store: ObjectStore, clock: Callable[[], datetime], interval: timedelta
    ) -> None:
        """Each copy is looked at again after `interval`, in case something else has deleted it."""
        self._api = api
        self._store = store
        self._clock = clock
        self._interval = interval
        self._read_at: dict[ClusterKey, dict[str, datetime]] = {}

    async def refresh(self, key: ClusterKey) -> None:
        """Look at the copies of a cluster. If that fails, what is known of them stays."""
        now = self._clock()
        read_at = self._read_at.setdefault(key, {})
        names = self._names(key)
        for name in sorted(names):
            if name not in read_at or now - read_at[name] >= self._interval:
                read_at[name] = now
                try:
                    await self._read(key, name)
                except ApiError as error:
                    _logger.warning("%s: Secret %s could not be looked at: %s", key, name, error)
        self._read_at[key] = {name: read for name, read in read_at.items() if name in names}

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._read_at.pop(key, None)

    def _names(self, key: ClusterKey) -> set[str]:
        known = {name_of(secret) for secret in self._store.list(key, SECRET)}
        templates = [deployment["spec"]["template"]["spec"] for deployment in self._store.list(key, DEPLOYMENT)]
        mounted = {name for spec in templates for kind, name in mounted_files(spec) if kind == SECRET.name}
        # Users may mount Secrets of their own, which are none of our business.
        revisions = self._store.list(key, CONTROLLER_REVISION)
        recorded = {name for revision in revisions if (name := annotation_of(revision, RECORD_SECRET_ANNOTATION))}
        return known | recorded | set(_of_cluster(mounted, key))

    async def _read(self, key: ClusterKey, name: str) -> None:
        known = self._store.get(key, SECRET, name)
        secret = await self._api.get_metadata(SECRET, key.namespace, name)
        if known is not None and (secret is None or uid_of(secret) != uid_of(known)):
            self._store.remove(known)
        cluster = self._store.cluster(key)
        if secret is not None and cluster is not None and is_owned_by(secret, uid_of(cluster)):
            self._store.put(secret)


def _of_cluster(names: Iterable[str], key: ClusterKey) -> Iterable[str]:
    prefix = f"{key.name}-catalogs-"
    return (name for name in names if name.startswith(prefix))

"""Reading a cluster's spec with all that it refers to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from presto_operator.api import (
    STRICT,
    InvalidClusterError,
    SourceData,
    SourceObject,
    TenantPolicy,
    parse_cluster,
    parse_spec,
    references,
)
from presto_operator.controller.hash_keys import HashKeys
from presto_operator.desired import render_generation
from presto_operator.kube import ApiError, ClusterKey, SourceReader
from presto_operator.objects import KubernetesObject, metadata_generation, uid_of
from presto_operator.planning import Invalid, Spec, Unreadable, Valid


@dataclass(frozen=True)
class _Known:
    """A spec that was read, and what it was made of: of the same it need not be made again."""

    uid: str
    generation: int
    referred: frozenset[SourceObject]
    sources: SourceData
    spec: Valid | Invalid


class SpecReader:
    """Parses and renders a spec when it has changed, or when a Secret or ConfigMap that it refers to has."""

    def __init__(
        self, sources: SourceReader, keys: HashKeys, *, worker_min_ready: timedelta, policy: TenantPolicy = STRICT
    ) -> None:
        """A reader.

        Args:
            sources: reads Secrets and ConfigMaps.
            keys: the keys with which hashes of secrets are made.
            worker_min_ready: how long a worker is ready before it counts as available.
            policy: what a spec may ask for.
        """
        self._policy = policy
        self._sources = sources
        self._keys = keys
        self._worker_min_ready = worker_min_ready
        self._known: dict[ClusterKey, _Known] = {}

    async def read(self, key: ClusterKey, body: KubernetesObject) -> Spec:
        """The spec of a PrestoCluster."""
        known = self._known.get(key)
        spec: Valid | Invalid
        uid, generation = uid_of(body), metadata_generation(body)
        is_same = known is not None and (known.uid, known.generation) == (uid, generation)
        try:
            referred = known.referred if known is not None and is_same else self._referred(body)
            sources = await self._sources.read(key.namespace, referred)
            if known is not None and is_same and known.sources == sources:
                return known.spec
            spec = await self._parsed(key, body, sources)
        except InvalidClusterError as invalid:
            # It is kept as well: to find a large spec invalid costs as much as to render it.
            spec, referred, sources = Invalid(tuple(invalid.errors)), frozenset(), {}
        except ApiError as error:
            return Unreadable(f"a Secret or ConfigMap of the cluster can't be read: {error}")
        self._known[key] = _Known(uid, generation, referred, sources, spec)
        return spec

    def forget(self, key: ClusterKey) -> None:
        """Drop what is known of a cluster that is no more."""
        self._known.pop(key, None)
        self._keys.forget(key)

    async def _parsed(self, key: ClusterKey, body: KubernetesObject, sources: SourceData) -> Valid | Invalid:
        try:
            cluster = parse_cluster(body, sources, self._policy)
        except InvalidClusterError as invalid:
            return Invalid(tuple(invalid.errors))
        if cluster.uses_secrets:
            cluster = replace(cluster, hash_key=await self._keys.of(key, body))
        return Valid(cluster, render_generation(cluster, worker_min_ready=self._worker_min_ready))

    def _referred(self, body: KubernetesObject) -> frozenset[SourceObject]:
        return frozenset(reference.source for reference in references(parse_spec(body, self._policy)))

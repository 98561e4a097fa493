"""A generation: one coordinator with the workers that find it, everything that must change together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from presto_operator.api import PrestoCluster, duration_seconds
from presto_operator.desired.cluster import cluster_objects
from presto_operator.desired.config_map import (
    ServerFiles,
    catalogs_config_map,
    catalogs_secret,
    query_policy_files,
    role_config_map,
)
from presto_operator.desired.coordinator import coordinator_deployment, coordinator_pod
from presto_operator.desired.names import discovery_uri
from presto_operator.desired.object import content_hash
from presto_operator.desired.parts import Parts, coordinator_parts, parts_of
from presto_operator.desired.query_retry import coordinator_retry, worker_retry
from presto_operator.desired.record import record_objects
from presto_operator.desired.service import discovery_service
from presto_operator.desired.workers import RevisionTemplate, worker_revision
from presto_operator.objects import KubernetesObject, generation_of, name_of, pool_of, role_of
from presto_operator.presto import coordinator_config, https_port, worker_config, worker_wait_properties
from presto_operator.settings import DEFAULTS


@dataclass(frozen=True)
class Generation:
    """Everything that one generation consists of, rendered. Its objects are shared: copy one before you change it."""

    name: str
    """The hash of the coordinator's whole pod: version, image, configuration, catalogs, and how it is run. Changing any
    of it never restarts a coordinator in place; it makes another one beside it."""
    files: tuple[KubernetesObject, ...]
    """The ConfigMaps and Secrets that its servers mount, the workers' among them."""
    discovery: KubernetesObject
    """The Service at which its workers announce themselves."""
    coordinator: KubernetesObject
    """The coordinator's Deployment."""
    workers: Mapping[str, RevisionTemplate]
    """The workers' Deployments by pool, in the order of the spec, without their numbers of replicas."""
    parts: Parts
    """Hashes of what it consists of, by part; `changed_parts` compares two of them. Each of its Deployments carries its
    own share of them as an annotation."""
    record: tuple[KubernetesObject, ...] = ()
    """Objects that hold all of this, for when the spec asks for another generation."""

    @property
    def worker_deployments(self) -> frozenset[str]:
        """The names of the workers' Deployments."""
        return frozenset(revision.name for revision in self.workers.values())

    def objects(self, replicas_by_pool: Mapping[str, int]) -> list[KubernetesObject]:
        """All of its objects, in the order in which they are best applied, with these workers in each pool."""
        return [
            *self.files,
            self.discovery,
            self.coordinator,
            *(revision.deployment(replicas_by_pool[pool]) for pool, revision in self.workers.items()),
        ]


def render_generation(cluster: PrestoCluster, *, worker_min_ready: timedelta = DEFAULTS.worker_min_ready) -> Generation:
    """The generation that the spec asks for. Render it once a pass and hand the value on: this hashes every object.

    Args:
        cluster: the cluster.
        worker_min_ready: how long a worker is ready before it counts as available.
    """
    coordinator_files = _coordinator_files(cluster)
    pod = coordinator_pod(cluster, coordinator_files)
    name = content_hash([cluster.spec.version, pod.template, *_identity(cluster)])
    worker_files = _worker_files(cluster, name, coordinator_files)
    of_coordinator = coordinator_parts(cluster, coordinator_files, pod)
    revisions = {
        pool.name: worker_revision(cluster, pool, name, worker_files, min_ready=worker_min_ready)
        for pool in cluster.spec.workers.pools
    }
    secret = coordinator_files.secret_catalogs
    generation = Generation(
        name=name,
        files=(
            coordinator_files.catalogs,
            *([secret] if secret else []),
            coordinator_files.role,
            worker_files.role,
        ),
        discovery=discovery_service(cluster, name),
        coordinator=coordinator_deployment(cluster, name, pod.template, of_coordinator),
        workers=revisions,
        parts=_union([of_coordinator, *(revision.parts for revision in revisions.values())]),
    )
    shared = cluster_objects(cluster, name, https_port(cluster.spec.coordinator.config))
    without_replicas = [revision.template for revision in revisions.values()]
    recorded = [*shared, *generation.files, generation.discovery, generation.coordinator, *without_replicas]
    return replace(generation, record=record_objects(cluster, name, recorded))


@dataclass(frozen=True)
class RecordedGeneration:
    """A generation as it was rendered when the spec last asked for it."""

    generation: Generation
    shared: tuple[KubernetesObject, ...]
    """The objects of the cluster that don't belong to a generation, as they were rendered with it."""


def recorded_generation(name: str, objects: Iterable[KubernetesObject]) -> RecordedGeneration | None:
    """The generation of this name that consists of these objects; None if its coordinator isn't among them."""
    found = list(objects)
    own = [obj for obj in found if generation_of(obj) == name]
    coordinators = [obj for obj in own if obj["kind"] == "Deployment" and role_of(obj) == "coordinator"]
    discovery = [obj for obj in own if obj["kind"] == "Service"]
    if not coordinators or not discovery:
        return None
    workers = {
        pool_of(obj): RevisionTemplate(name_of(obj), parts_of(obj), obj)
        for obj in own
        if obj["kind"] == "Deployment" and pool_of(obj)
    }
    generation = Generation(
        name=name,
        files=tuple(obj for obj in found if obj["kind"] in ("ConfigMap", "Secret")),
        discovery=discovery[0],
        coordinator=coordinators[0],
        workers=workers,
        parts=_union([parts_of(coordinators[0]), *(revision.parts for revision in workers.values())]),
    )
    shared = tuple(obj for obj in found if obj["kind"] not in ("ConfigMap", "Secret") and obj not in own)
    return RecordedGeneration(generation, shared)


def _union(all_parts: Iterable[Parts]) -> Parts:
    return {part: content for parts in all_parts for part, content in parts.items()}


def _coordinator_files(cluster: PrestoCluster) -> ServerFiles:
    coordinator = cluster.spec.coordinator
    return ServerFiles(
        role_config_map(
            cluster,
            coordinator,
            "coordinator",
            coordinator_config({**coordinator_retry(cluster.spec), **_worker_wait(cluster), **coordinator.config}),
            query_policy_files(cluster),
        ),
        catalogs_config_map(cluster),
        catalogs_secret(cluster),
    )


def _worker_files(cluster: PrestoCluster, generation: str, coordinator_files: ServerFiles) -> ServerFiles:
    workers = cluster.spec.workers
    return ServerFiles(
        role_config_map(
            cluster,
            workers,
            "worker",
            worker_config(
                {**worker_retry(cluster.spec), **workers.config},
                discovery_uri=discovery_uri(cluster, generation),
                shutdown_grace_seconds=duration_seconds(workers.drain.grace_period),
            ),
        ),
        coordinator_files.catalogs,
        coordinator_files.secret_catalogs,
    )


def _identity(cluster: PrestoCluster) -> list[dict[str, Any]]:
    # A cloud's identity webhook reads the ServiceAccount's annotations only when a pod starts.
    annotations = cluster.spec.service_account.annotations
    return [dict(annotations)] if annotations else []


def _worker_wait(cluster: PrestoCluster) -> dict[str, str]:
    # Independent of autoscaling.mode: switching the mode must not replace the coordinator.
    autoscaling = cluster.spec.autoscaling
    return worker_wait_properties() if autoscaling is not None and autoscaling.scale_to_zero is not None else {}

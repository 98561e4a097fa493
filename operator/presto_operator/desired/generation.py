"""A generation: one coordinator with the workers that found it, everything that must change together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from presto_operator.api import PrestoCluster, duration_seconds
from presto_operator.desired.config_map import (
    ServerFiles,
    catalogs_config_map,
    catalogs_secret,
    query_policy_files,
    role_config_map,
)
from presto_operator.desired.coordinator import coordinator_deployment, coordinator_template
from presto_operator.desired.names import discovery_uri
from presto_operator.desired.object import content_hash
from presto_operator.desired.query_retry import coordinator_retry, worker_retry
from presto_operator.desired.service import discovery_service
from presto_operator.desired.workers import pool_deployment
from presto_operator.objects.object import KubernetesObject
from presto_operator.presto import coordinator_config, worker_config, worker_wait_properties
from presto_operator.settings import DEFAULTS


def generation_name(cluster: PrestoCluster) -> str:
    """The name of the generation that the spec asks for.

    It is the hash of the coordinator's whole pod: version, image, configuration, catalogs, and how it is run. What
    changes any of it never restarts a coordinator in place; it makes another one beside it.
    """
    template, _ = _coordinator(cluster)
    return content_hash([cluster.spec.version, template, *_identity(cluster)])


def generation_objects(
    cluster: PrestoCluster,
    replicas_by_pool: Mapping[str, int],
    *,
    worker_min_ready: timedelta = DEFAULTS.worker_min_ready,
) -> list[KubernetesObject]:
    """The objects of the generation that the spec asks for, in the order in which they are best applied.

    Args:
        cluster: the cluster.
        replicas_by_pool: workers wanted in each pool of the spec, by its name.
        worker_min_ready: how long a worker is ready before it counts as available.
    """
    name = generation_name(cluster)
    template, coordinator_files = _coordinator(cluster)
    workers = cluster.spec.workers
    worker_files = ServerFiles(
        role_config_map(
            cluster,
            workers,
            "worker",
            worker_config(
                {**worker_retry(cluster.spec), **workers.config},
                discovery_uri=discovery_uri(cluster, name),
                shutdown_grace_seconds=duration_seconds(workers.drain.grace_period),
            ),
        ),
        coordinator_files.catalogs,
        coordinator_files.secret_catalogs,
    )
    return [
        coordinator_files.catalogs,
        *([coordinator_files.secret_catalogs] if coordinator_files.secret_catalogs else []),
        coordinator_files.role,
        worker_files.role,
        discovery_service(cluster, name),
        coordinator_deployment(cluster, name, template),
        *(
            pool_deployment(cluster, pool, name, replicas_by_pool[pool.name], worker_files, min_ready=worker_min_ready)
            for pool in workers.pools
        ),
    ]


def _coordinator(cluster: PrestoCluster) -> tuple[dict[str, Any], ServerFiles]:
    coordinator = cluster.spec.coordinator
    files = ServerFiles(
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
    return coordinator_template(cluster, files), files


def _identity(cluster: PrestoCluster) -> list[dict[str, str]]:
    # What a cloud makes of the ServiceAccount's annotations, it makes when a pod starts.
    annotations = cluster.spec.service_account.annotations
    return [dict(annotations)] if annotations else []


def _worker_wait(cluster: PrestoCluster) -> dict[str, str]:
    # Whatever the mode is now: to switch it shall not change the coordinator.
    autoscaling = cluster.spec.autoscaling
    return worker_wait_properties() if autoscaling is not None and autoscaling.scale_to_zero is not None else {}

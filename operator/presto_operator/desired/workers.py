"""The workers' Deployments, one a pool."""

from __future__ import annotations

from typing import Any

from presto_operator.api import Drain, Pool, PrestoCluster, duration_seconds
from presto_operator.desired.config_map import ServerFiles
from presto_operator.desired.names import (
    GENERATION_LABEL,
    POOL_LABEL,
    pool_deployment_name,
    role_selector,
)
from presto_operator.desired.object import KubernetesObject, child
from presto_operator.desired.pod import pod_labels, pod_spec, server_command, tolerations

_DISCOVERY_SECONDS = 10
"""How long a worker that is ready may take to be known to its coordinator: it announces itself every 5 s, and the
coordinator looks for news every 5 s. An old worker that left before that could have been the last one known."""

_TERMINATION_SLACK_SECONDS = 30
"""For the hook to be started and the JVM to exit, on a busy node."""


def pool_deployment(
    cluster: PrestoCluster,
    pool: Pool,
    generation: str,
    replicas: int,
    files: ServerFiles,
) -> KubernetesObject:
    """The Deployment of one pool's workers in one generation, with this many of them.

    New workers come before old ones go, so a configuration that doesn't start leaves every old worker serving.
    """
    own = {POOL_LABEL: pool.name, GENERATION_LABEL: generation}
    labels = pod_labels(cluster, "worker", own)
    spec = pod_spec(cluster, cluster.spec.workers, files)
    _drain_before_leaving(spec, cluster.spec.workers.drain)
    if pool.node_selector:
        spec["nodeSelector"] = dict(pool.node_selector)
    if pool.tolerations:
        spec["tolerations"] = tolerations(pool.tolerations)
    # Workers share a node only where nodes are fewer; a lost node should take as few of them as can be.
    spec["topologySpreadConstraints"] = [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": role_selector(cluster, "worker")},
        }
    ]
    return child(
        cluster,
        "apps/v1",
        "Deployment",
        pool_deployment_name(cluster, pool.name, generation),
        labels=labels,
        spec={
            "replicas": replicas,
            "minReadySeconds": _DISCOVERY_SECONDS,
            "revisionHistoryLimit": 3,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
            "selector": {"matchLabels": {**role_selector(cluster, "worker"), **own}},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    )


def _drain_before_leaving(spec: dict[str, Any], drain: Drain) -> None:
    """Make deleting the pod the one way to leave: scale-down, roll-out, eviction and a node drain all do just that.

    It works while the operator is down, too: it is the kubelet that runs the hook.
    """
    spec["containers"][0]["lifecycle"] = {"preStop": {"exec": {"command": server_command("drain")}}}
    spec["terminationGracePeriodSeconds"] = (
        duration_seconds(drain.timeout) + 2 * duration_seconds(drain.grace_period) + _TERMINATION_SLACK_SECONDS
    )

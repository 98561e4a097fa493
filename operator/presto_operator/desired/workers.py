"""The workers' Deployments, one a pool."""

from __future__ import annotations

from presto_operator.api import Pool, PrestoCluster
from presto_operator.desired.config_map import ServerFiles
from presto_operator.desired.names import (
    GENERATION_LABEL,
    POOL_LABEL,
    pool_deployment_name,
    role_selector,
)
from presto_operator.desired.object import KubernetesObject, child
from presto_operator.desired.pod import pod_labels, pod_spec, tolerations


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
            "revisionHistoryLimit": 3,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
            "selector": {"matchLabels": {**role_selector(cluster, "worker"), **own}},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    )

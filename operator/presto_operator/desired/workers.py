"""The workers' Deployments, one a pool and revision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from presto_operator.api import Drain, Pool, PrestoCluster, duration_seconds
from presto_operator.desired.config_map import ServerFiles
from presto_operator.desired.names import pool_deployment_name, role_selector
from presto_operator.desired.node_placement import (
    HOSTNAME_LABEL,
    INSTANCE_TYPE_LABEL,
    ZONE_LABEL,
    capacity_tolerations,
    node_affinity,
    topology_spread,
)
from presto_operator.desired.object import child, content_hash
from presto_operator.desired.pod import pod_labels, pod_spec, pod_template, server_command, tolerations
from presto_operator.objects.labels import GENERATION_LABEL, POOL_LABEL, REVISION_LABEL
from presto_operator.objects.object import KubernetesObject

_TERMINATION_SLACK_SECONDS = 30
"""For the hook to be started and the JVM to exit, on a busy node."""

_RESTART_GRACE_SECONDS = 60
"""The hook is run before a restart that a probe asks for, too. There it speaks to a server that is hung or has not
started, and shall not wait as long for it as for one that finishes its tasks."""


def pool_deployment(
    cluster: PrestoCluster,
    pool: Pool,
    generation: str,
    replicas: int,
    files: ServerFiles,
    *,
    min_ready: timedelta,
) -> KubernetesObject:
    """The Deployment of one pool's workers in one generation, with this many of them.

    It is named by a hash of their whole pod, the revision: workers that are to be different are another Deployment
    beside this one, and going back finds this one again. How many workers each revision has is decided elsewhere.
    """
    template = _pod_template(cluster, pool, generation, files)
    revision = content_hash([generation, template])
    template["metadata"]["labels"][REVISION_LABEL] = revision
    own = {POOL_LABEL: pool.name, GENERATION_LABEL: generation, REVISION_LABEL: revision}
    return child(
        cluster,
        "apps/v1",
        "Deployment",
        pool_deployment_name(cluster, pool.name, revision),
        labels=pod_labels(cluster, "worker", own),
        spec={
            "replicas": replicas,
            "minReadySeconds": int(min_ready.total_seconds()),
            "revisionHistoryLimit": 3,
            # The template never changes: this is for one that somebody has edited, and that is put right.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "selector": {"matchLabels": {**role_selector(cluster, "worker"), **own}},
            "template": template,
        },
    )


def _pod_template(cluster: PrestoCluster, pool: Pool, generation: str, files: ServerFiles) -> dict[str, Any]:
    """The template of the pool's pods. Its hash is the revision's name, so nothing in it may depend on that."""
    spec = pod_spec(cluster, cluster.spec.workers, files)
    _drain_before_leaving(spec, cluster.spec.workers.drain)
    if pool.node_selector:
        spec["nodeSelector"] = dict(pool.node_selector)
    affinity = node_affinity(pool.capacity_type, pool.instance_types, pool.zones)
    if affinity is not None:
        spec["affinity"] = {"nodeAffinity": affinity}
    tolerated = [*tolerations(pool.tolerations), *capacity_tolerations(pool.capacity_type)]
    if tolerated:
        spec["tolerations"] = tolerated
    # Workers share a node only where nodes are fewer; a lost node should take as few of them as can be. The same goes
    # for a zone or an instance type of spot, which is reclaimed as a whole when it runs short.
    spread = (ZONE_LABEL, INSTANCE_TYPE_LABEL, HOSTNAME_LABEL) if affinity is not None else (HOSTNAME_LABEL,)
    spec["topologySpreadConstraints"] = topology_spread(spread, role_selector(cluster, "worker"))
    labels = pod_labels(cluster, "worker", {POOL_LABEL: pool.name, GENERATION_LABEL: generation})
    return pod_template(cluster, "workers", labels, spec)


def _drain_before_leaving(spec: dict[str, Any], drain: Drain) -> None:
    """Make deleting the pod the one way to leave: scale-down, roll-out, eviction and a node drain all do just that.

    It works while the operator is down, too: it is the kubelet that runs the hook.
    """
    container = spec["containers"][0]
    container["lifecycle"] = {"preStop": {"exec": {"command": server_command("drain")}}}
    for probe in ("startupProbe", "livenessProbe"):
        container[probe]["terminationGracePeriodSeconds"] = _RESTART_GRACE_SECONDS
    spec["terminationGracePeriodSeconds"] = (
        duration_seconds(drain.timeout) + 2 * duration_seconds(drain.grace_period) + _TERMINATION_SLACK_SECONDS
    )

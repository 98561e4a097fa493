"""The workers' Deployments, one per pool and revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from presto_operator.api import Drain, Pool, PrestoCluster
from presto_operator.desired.config_map import ServerFiles
from presto_operator.desired.drain_warnings import drain_seconds
from presto_operator.desired.names import pool_deployment_name, role_selector
from presto_operator.desired.node_placement import (
    HOSTNAME_LABEL,
    INSTANCE_TYPE_LABEL,
    ZONE_LABEL,
    placement,
    topology_spread,
)
from presto_operator.desired.object import child, content_hash
from presto_operator.desired.parts import Parts, Pod, parts_annotation, worker_parts
from presto_operator.desired.pod import pod_labels, pod_spec, pod_template, server_command
from presto_operator.objects import GENERATION_LABEL, POOL_LABEL, REVISION_LABEL, KubernetesObject

_TERMINATION_SLACK_SECONDS = 30
"""For starting the hook and ending the JVM on a busy node."""

_RESTART_GRACE_SECONDS = 60
"""For restarts by a probe, before which the hook runs, too. The server hangs then or hasn't started, so it gets less
time than one that finishes its tasks."""


@dataclass(frozen=True)
class RevisionTemplate:
    """The Deployment of one pool's workers, without the number of replicas.

    It is named by a hash of their whole pod, the revision. Changed workers get another Deployment beside this one, and
    reverting the change finds this one again. How many workers each revision has is decided elsewhere.
    """

    name: str
    """The Deployment's name."""
    parts: Parts
    """What its pods consist of."""
    template: KubernetesObject
    """The Deployment without its number of replicas."""

    def deployment(self, replicas: int) -> KubernetesObject:
        """The Deployment with this number of workers. Its template is shared: copy it before you change it."""
        spec = {"replicas": replicas, **self.template["spec"]}
        return {**self.template, "spec": spec}


def worker_revision(
    cluster: PrestoCluster, pool: Pool, generation: str, files: ServerFiles, *, min_ready: timedelta
) -> RevisionTemplate:
    """The workers of one pool as the spec asks for them, in one generation.

    They count as available once they have been ready for `min_ready`.
    """
    pod = _pod(cluster, pool, generation, files)
    template = pod.template
    parts = worker_parts(cluster, pool, files, pod)
    revision = content_hash([generation, template])
    own = {POOL_LABEL: pool.name, GENERATION_LABEL: generation, REVISION_LABEL: revision}
    metadata = {**template["metadata"], "labels": {**template["metadata"]["labels"], REVISION_LABEL: revision}}
    name = pool_deployment_name(cluster, pool.name, revision)
    deployment = child(
        cluster,
        "apps/v1",
        "Deployment",
        name,
        labels=pod_labels(cluster, "worker", own),
        annotations=parts_annotation(parts),
        spec={
            "minReadySeconds": int(min_ready.total_seconds()),
            "revisionHistoryLimit": 3,
            # The template never changes. The strategy is for one that was edited by hand and is reverted.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "selector": {"matchLabels": {**role_selector(cluster, "worker"), **own}},
            "template": {**template, "metadata": metadata},
        },
    )
    return RevisionTemplate(name, parts, deployment)


def _pod(cluster: PrestoCluster, pool: Pool, generation: str, files: ServerFiles) -> Pod:
    """The pod of the pool's workers. Its hash is the revision's name, so nothing in it may depend on that."""
    where = _placement(cluster, pool)
    spec = pod_spec(cluster, cluster.spec.workers, files)
    _drain_when_deleted(spec, cluster.spec.workers.drain)
    labels = pod_labels(cluster, "worker", {POOL_LABEL: pool.name, GENERATION_LABEL: generation})
    return Pod(pod_template(cluster, "workers", labels, {**spec, **where}), where)


def _placement(cluster: PrestoCluster, pool: Pool) -> dict[str, Any]:
    where = placement(pool.node_selector, pool.tolerations, pool.capacity_type, pool.instance_types, pool.zones)
    # Workers share a node only if there are fewer nodes, so that a lost node takes as few of them as possible. The same
    # goes for a zone or an instance type of spot, which is reclaimed as a whole when it runs short.
    spread = (ZONE_LABEL, INSTANCE_TYPE_LABEL, HOSTNAME_LABEL) if "affinity" in where else (HOSTNAME_LABEL,)
    return {**where, "topologySpreadConstraints": topology_spread(spread, role_selector(cluster, "worker"))}


def _drain_when_deleted(spec: dict[str, Any], drain: Drain) -> None:
    """Drain the worker whenever its pod is deleted: by a scale-down, a roll-out, an eviction or a node drain.

    The kubelet runs the hook, so it works while the operator is down, too.
    """
    container = spec["containers"][0]
    container["lifecycle"] = {"preStop": {"exec": {"command": server_command("drain")}}}
    for probe in ("startupProbe", "livenessProbe"):
        container[probe]["terminationGracePeriodSeconds"] = _RESTART_GRACE_SECONDS
    spec["terminationGracePeriodSeconds"] = drain_seconds(drain) + _TERMINATION_SLACK_SECONDS

"""The coordinator's Deployment."""

from __future__ import annotations

from typing import Any

from presto_operator.api import PrestoCluster
from presto_operator.desired.config_map import ServerFiles
from presto_operator.desired.names import coordinator_name, role_selector
from presto_operator.desired.node_placement import placement
from presto_operator.desired.object import child
from presto_operator.desired.parts import Parts, Pod, parts_annotation
from presto_operator.desired.pod import pod_labels, pod_spec, pod_template
from presto_operator.objects import GENERATION_LABEL, KubernetesObject


def coordinator_pod(cluster: PrestoCluster, files: ServerFiles) -> Pod:
    """The coordinator's pod. Its hash is the generation's name, so nothing in it may depend on that."""
    coordinator = cluster.spec.coordinator
    where = placement(coordinator.node_selector, coordinator.tolerations, coordinator.capacity_type)
    spec = {**pod_spec(cluster, coordinator, files), **where}
    return Pod(pod_template(cluster, "coordinator", pod_labels(cluster, "coordinator", {}), spec), where)


def coordinator_deployment(
    cluster: PrestoCluster, generation: str, template: dict[str, Any], parts: Parts
) -> KubernetesObject:
    """The Deployment of a generation's coordinator, whose pod consists of these parts.

    Its strategy is Recreate, because two coordinators behind one discovery address would both assign tasks to the
    workers. A change of the spec makes a new generation anyway, with its own Deployment.
    """
    own = {GENERATION_LABEL: generation}
    metadata = {**template["metadata"], "labels": {**template["metadata"]["labels"], **own}}
    selector = {**role_selector(cluster, "coordinator"), **own}
    return child(
        cluster,
        "apps/v1",
        "Deployment",
        coordinator_name(cluster, generation),
        labels=pod_labels(cluster, "coordinator", own),
        annotations=parts_annotation(parts),
        spec={
            "replicas": 1,
            "revisionHistoryLimit": 3,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": selector},
            "template": {**template, "metadata": metadata},
        },
    )

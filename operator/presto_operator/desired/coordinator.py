"""The coordinator's Deployment."""

from __future__ import annotations

from typing import Any

from presto_operator.api import PrestoCluster
from presto_operator.desired.config_map import ServerFiles
from presto_operator.desired.names import GENERATION_LABEL, coordinator_name, role_selector
from presto_operator.desired.object import KubernetesObject, child
from presto_operator.desired.pod import pod_labels, pod_spec, tolerations


def coordinator_pod_spec(cluster: PrestoCluster, files: ServerFiles) -> dict[str, Any]:
    """The coordinator's pod spec. Its hash is the generation's name, so nothing in it may depend on that."""
    coordinator = cluster.spec.coordinator
    spec = pod_spec(cluster, coordinator, files)
    if coordinator.node_selector:
        spec["nodeSelector"] = dict(coordinator.node_selector)
    if coordinator.tolerations:
        spec["tolerations"] = tolerations(coordinator.tolerations)
    return spec


def coordinator_deployment(cluster: PrestoCluster, generation: str, spec: dict[str, Any]) -> KubernetesObject:
    """The Deployment of a generation's coordinator.

    Its strategy is Recreate: two coordinators behind one discovery address would each believe to own the workers.
    What a spec changes makes a new generation anyway, with a Deployment of its own.
    """
    labels = pod_labels(cluster, "coordinator", {GENERATION_LABEL: generation})
    selector = {**role_selector(cluster, "coordinator"), GENERATION_LABEL: generation}
    return child(
        cluster,
        "apps/v1",
        "Deployment",
        coordinator_name(cluster, generation),
        labels=labels,
        spec={
            "replicas": 1,
            "revisionHistoryLimit": 3,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    )

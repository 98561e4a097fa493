"""The same Presto in plain Deployments: what the operator would make of it, without what makes it last. Pure."""

from __future__ import annotations

from typing import Any

from presto_operator.api import parse_cluster
from presto_operator.desired import render_generation
from presto_operator.planning import Observation, plan

KINDS = ("ConfigMap", "Service", "ServiceAccount", "Deployment")
SELECTOR = "app=presto,component=worker"
_ROLE_LABEL = "app.kubernetes.io/component"

Object = dict[str, Any]


def plain_objects(manifest: Object, namespace: str) -> list[Object]:
    """Image, properties, resources and placement are those of the PrestoCluster `manifest`.

    There is no preStop hook, no retry of queries, no disruption budget and no pace: a worker gets its SIGTERM, and
    Kubernetes' defaults rule for grace period and roll-out. The operator doesn't know of any of it.
    """
    without_retry = {
        **manifest,
        "metadata": {**manifest["metadata"], "namespace": namespace},
        "spec": {**manifest["spec"], "queryRetry": {"enabled": False}},
    }
    cluster = parse_cluster(without_retry)
    made = plan(
        cluster,
        render_generation(cluster),
        Observation((), (), None),
        serving=None,
        wanted_workers=cluster.spec.workers.replicas,
    ).apply
    return [_plain(each) for each in made if each["kind"] in KINDS]


def _plain(made: Object) -> Object:
    metadata = {"name": made["metadata"]["name"], "namespace": made["metadata"]["namespace"]}
    plain = {key: value for key, value in made.items() if key != "metadata"} | {"metadata": metadata}
    if made["kind"] == "Service":
        # The headless one over the workers stays one over the workers.
        is_of_workers = made["spec"].get("clusterIP") == "None"
        plain["spec"] = {**made["spec"], "selector": _labels("worker" if is_of_workers else "coordinator")}
    if made["kind"] == "Deployment":
        role = made["metadata"]["labels"][_ROLE_LABEL]
        plain["spec"] = {
            "replicas": made["spec"]["replicas"],
            "selector": {"matchLabels": _labels(role)},
            "template": {"metadata": {"labels": _labels(role)}, "spec": _pod(made["spec"]["template"]["spec"], role)},
        }
    return plain


def _pod(made: Object, role: str) -> Object:
    pod = {key: value for key, value in made.items() if key != "terminationGracePeriodSeconds"}
    pod["containers"] = [
        {key: value for key, value in container.items() if key != "lifecycle"} for container in made["containers"]
    ]
    if "topologySpreadConstraints" in made:
        pod["topologySpreadConstraints"] = [
            {**constraint, "labelSelector": {"matchLabels": _labels(role)}}
            for constraint in made["topologySpreadConstraints"]
        ]
    return pod


def _labels(role: str) -> dict[str, str]:
    return {"app": "presto", "component": role}

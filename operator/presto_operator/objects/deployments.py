"""What a Deployment's spec and status say."""

from __future__ import annotations

from presto_operator.objects.object import KubernetesObject, condition_of, metadata_generation


def wanted_replicas(deployment: KubernetesObject) -> int:
    """How many pods the Deployment asks for: `spec.replicas`, which defaults to 1."""
    return int(deployment["spec"].get("replicas", 1))


def present_replicas(deployment: KubernetesObject) -> int:
    """How many pods it has, not counting those that terminate."""
    return int(deployment.get("status", {}).get("replicas", 0))


def ready_replicas(deployment: KubernetesObject) -> int:
    """How many of its pods are ready."""
    return int(deployment.get("status", {}).get("readyReplicas", 0))


def available_replicas(deployment: KubernetesObject) -> int:
    """How many of its pods have been ready for `minReadySeconds`, so that their coordinator knows them."""
    return int(deployment.get("status", {}).get("availableReplicas", 0))


def is_status_current(deployment: KubernetesObject) -> bool:
    """Whether the Deployment's status is about its present spec, rather than an earlier one."""
    observed: int = deployment.get("status", {}).get("observedGeneration", 0)
    return observed >= metadata_generation(deployment)


def is_rolled_out(deployment: KubernetesObject) -> bool:
    """Whether the Deployment is as its spec asks for.

    Checks that
    - its status is about its present spec,
    - it has just as many pods as it asks for,
    - all of them are of its present template,
    - all of them are ready.
    """
    status: dict[str, int] = deployment.get("status", {})
    wanted = wanted_replicas(deployment)
    return (
        is_status_current(deployment)
        and status.get("replicas", 0) == wanted
        and status.get("updatedReplicas", 0) == wanted
        and status.get("readyReplicas", 0) == wanted
    )


def was_available(deployment: KubernetesObject) -> bool:
    """Whether all pods of the Deployment's present template were available at some time.

    The Deployment controller doesn't take that back when they no longer are.
    """
    progress = condition_of(deployment, "Progressing")
    return progress is not None and progress.get("reason") == "NewReplicaSetAvailable"


def refusal(deployment: KubernetesObject) -> str:
    """Why Kubernetes refuses to create pods of the Deployment, in its own words; empty if it doesn't.

    The Deployment controller quotes the last error of its ReplicaSet: a quota, a limit range, a Pod Security level, an
    admission webhook, a ServiceAccount that is missing.
    """
    failed = condition_of(deployment, "ReplicaFailure")
    return str(failed.get("message", "")) if failed is not None and failed.get("status") == "True" else ""


def is_known_to_presto(deployment: KubernetesObject) -> bool:
    """Whether the coordinator can use all the workers of the Deployment.

    Checks that
    - it is rolled out,
    - all of its workers have been ready for long enough that they have announced themselves to the coordinator.
    """
    return is_rolled_out(deployment) and available_replicas(deployment) == wanted_replicas(deployment)

"""Whether a Presto cluster is whole: as its spec says, settled, and with the workers that it is to have. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.kit.pods import leaving, name_of
from tests.kit.resources import CLUSTER_LABEL, Resource

ROLE_LABEL = "prestooperator.io/role"
_CONDITIONS = {"Progressing": "False", "Ready": "True", "Draining": "False", "Degraded": "False"}


@dataclass(frozen=True)
class Expected:
    """A PrestoCluster as it is to be."""

    name: str
    spec: Resource
    """As the API server has it, defaults included."""

    @property
    def workers(self) -> int:
        """How many workers it has at rest."""
        autoscaling = self.spec.get("autoscaling", {"mode": "Off"})
        return int(autoscaling["minReplicas"] if autoscaling["mode"] == "Active" else self.spec["workers"]["replicas"])


def flaws(expected: Expected, objects: Sequence[Resource]) -> Iterator[str]:
    """What keeps a Presto cluster from being whole, given the PrestoClusters, Deployments and pods of its namespace."""
    found = [each for each in objects if each["kind"] == "PrestoCluster" and each["metadata"]["name"] == expected.name]
    if not found:
        yield f"there is no PrestoCluster {expected.name}"
        return
    (resource,) = found
    if resource["spec"] != expected.spec:
        yield f"the spec of {expected.name} has been changed"
    yield from _unsettled_conditions(resource)
    own = [each for each in objects if each["metadata"].get("labels", {}).get(CLUSTER_LABEL) == expected.name]
    for deployment in own:
        if deployment["kind"] == "Deployment":
            yield from _missing_replicas(deployment)
    pods = [each for each in own if each["kind"] == "Pod"]
    yield from (f"{name_of(pod)} is on its way out" for pod in leaving(pods))
    for role, wanted in (("coordinator", 1), ("worker", expected.workers)):
        count = sum(pod["metadata"]["labels"].get(ROLE_LABEL) == role for pod in pods)
        if count != wanted:
            yield f"{expected.name} has {count} {role}s, and is to have {wanted}"


def _unsettled_conditions(resource: Resource) -> Iterator[str]:
    conditions = {each["type"]: each for each in resource.get("status", {}).get("conditions", [])}
    for type_, wanted in _CONDITIONS.items():
        condition = conditions.get(type_, {"status": "not there"})
        if condition["status"] != wanted:
            yield f"{type_} is {condition['status']}: {condition.get('message', '')}"
        elif condition.get("observedGeneration") != resource["metadata"]["generation"]:
            yield f"{type_} is of an older spec"


def _missing_replicas(deployment: Resource) -> Iterator[str]:
    wanted, available = deployment["spec"]["replicas"], deployment.get("status", {}).get("availableReplicas", 0)
    if available != wanted:
        yield f"{deployment['metadata']['name']} has {available} of {wanted} replicas available"

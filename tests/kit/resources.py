"""PrestoClusters and their children, as a user sees them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from tests.harness.interface import Cluster
from tests.kit.changes import Changes
from tests.kit.kubernetes_api import ApiRefusedError, KubernetesApi, Resource

__all__ = ["CHILDREN", "CLUSTER_LABEL", "Namespace", "Resource", "condition_of", "manifest"]

CHILDREN = "deployments,services,configmaps,controllerrevisions,serviceaccounts,poddisruptionbudgets"
CLUSTER_LABEL = "prestooperator.io/cluster"

Result = TypeVar("Result")


def manifest(name: str, **spec: Any) -> Resource:
    """A PrestoCluster of one worker; `spec` replaces or adds top-level fields."""
    return {
        "apiVersion": "prestooperator.io/v1alpha1",
        "kind": "PrestoCluster",
        "metadata": {"name": name},
        "spec": {
            "version": "0.287",
            "workers": {"replicas": 1},
            "catalogs": {"tpch": {"properties": {"connector.name": "tpch"}}},
            **spec,
        },
    }


class Namespace:
    """A namespace in which a test does what a user would do."""

    def __init__(self, cluster: Cluster, name: str, api: KubernetesApi | None = None) -> None:
        self.cluster = cluster
        self.name = name
        if api is not None:
            self.api = api

    @cached_property
    def api(self) -> KubernetesApi:
        """The API server."""
        return KubernetesApi(self.cluster.kubeconfig)

    @cached_property
    def _changes(self) -> Changes:
        return Changes(self.api)

    def create(self) -> None:
        """Make it."""
        self.api.create(self.api.path("namespaces"), {"metadata": {"name": self.name}})

    def delete(self) -> None:
        """Begin to delete it, with all that is in it."""
        self._changes.close()
        self.api.delete(self.api.path("namespaces", name=self.name))

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl in this namespace; what it prints."""
        return self.cluster.kubectl("--namespace", self.name, *arguments, stdin=stdin, check=check).stdout

    def apply(self, resource: Resource) -> str:
        """`kubectl apply` the resource."""
        return self.kubectl("apply", "--filename=-", stdin=json.dumps(resource))

    def refusal_of(self, resource: Resource) -> str:
        """What `kubectl apply` says when it refuses the resource.

        Raises:
            AssertionError: it does not.
        """
        refused = self.cluster.kubectl(
            "--namespace", self.name, "apply", "--filename=-", stdin=json.dumps(resource), check=False
        )
        assert refused.returncode != 0, f"{resource['metadata']['name']} was taken: {refused.stdout}"
        return refused.stderr

    def wait_until(self, condition: Callable[[], Result], *, timeout: float, what: str) -> Result:
        """Wait for a condition over objects of this namespace; it is evaluated whenever one of them changes.

        Raises WaitedInVainError with `what` in it after `timeout` seconds.
        """
        return self._changes.wait_until(condition, timeout=timeout, what=what)

    def get(self, kind: str, name: str) -> Resource:
        """One object."""
        collection = self.api.path(kind, self.name)
        self._changes.note(collection)
        return self.api.get(f"{collection}/{name}")

    def objects(self, kinds: str, selector: str = "") -> list[Resource]:
        """All objects of these kinds that the selector selects."""
        found = []
        for kind in kinds.split(","):
            collection = self.api.path(kind, self.name)
            self._changes.note(collection)
            found += self.api.list(collection, **({"labelSelector": selector} if selector else {}))
        return found

    def patch_status(self, kind: str, name: str, status: Resource) -> None:
        """Change the status of an object, as its controller would."""
        self.api.patch(self.api.path(kind, self.name, name, "status"), {"status": status})

    def children(self, cluster_name: str) -> dict[str, Resource]:
        """The children of a PrestoCluster, by `Kind/name`."""
        items = self.objects(CHILDREN, f"{CLUSTER_LABEL}={cluster_name}")
        return {f"{item['kind']}/{item['metadata']['name']}": item for item in items}

    def resource_versions(self, cluster_name: str) -> dict[str, str]:
        """The resourceVersion of a PrestoCluster and of each of its children and pods: what a write changes."""
        everything = {
            **self.children(cluster_name),
            f"PrestoCluster/{cluster_name}": self.presto_cluster(cluster_name),
        }
        for pod in self.pods(cluster_name):
            everything[f"Pod/{pod['metadata']['name']}"] = pod
        return {key: item["metadata"]["resourceVersion"] for key, item in everything.items()}

    def presto_cluster(self, name: str) -> Resource:
        """The PrestoCluster."""
        return self.get("prestocluster", name)

    def pods(self, cluster_name: str, role: str | None = None) -> list[Resource]:
        """The pods of a PrestoCluster, of one role or of both."""
        selector = f"{CLUSTER_LABEL}={cluster_name}" + (f",prestooperator.io/role={role}" if role else "")
        return self.objects("pods", selector)

    def condition(self, name: str, type_: str) -> Resource:
        """A condition of a PrestoCluster; empty while there is none."""
        return condition_of(self.presto_cluster(name), type_)

    def wait_for_condition(self, name: str, type_: str, status: str, *, timeout: float) -> Resource:
        """Wait until a condition of the present generation has this status."""

        def holds() -> Resource | None:
            resource = self.presto_cluster(name)
            return condition_of(resource, type_) if _says(resource, type_, status) else None

        found = self.wait_until(holds, timeout=timeout, what=f"{type_}={status} of {name}")
        assert found is not None
        return found

    def wait_until_settled(self, name: str, *, timeout: float) -> Resource:
        """Wait until the cluster is Ready and as its spec asks for; the PrestoCluster."""
        self.wait_for_condition(name, "Progressing", "False", timeout=timeout)
        self.wait_for_condition(name, "Ready", "True", timeout=timeout)
        return self.presto_cluster(name)

    def wait_until_quiet(self, name: str, *, timeout: float) -> None:
        """Wait until the cluster is settled, nobody has anything more to write about it, and its status says so.

        A replica is counted as available some seconds after it is ready, which is one more write of a status.
        """

        def is_quiet() -> bool:
            resource = self.presto_cluster(name)
            deployments = self.objects("deployments", f"{CLUSTER_LABEL}={name}")
            is_settled = _says(resource, "Progressing", "False") and _says(resource, "Ready", "True")
            return is_settled and all(map(_is_available, deployments)) and _tells_of(resource, deployments)

        self.wait_until(is_quiet, timeout=timeout, what=f"{name} to be quiet")

    def events(self, name: str) -> list[tuple[str, str]]:
        """Reason and message of each Event about a PrestoCluster, oldest first."""
        items = [item for item in self.objects("events") if item["involvedObject"]["name"] == name]
        return [(item["reason"], item["message"]) for item in items]

    def drain_events(self, name: str) -> list[tuple[str, str]]:
        """The Events about drains of a PrestoCluster that ended badly, as `events` has them."""
        return [(reason, message) for reason, message in self.events(name) if reason.startswith("Drain")]

    def wait_for_event(self, name: str, reason: str, *, timeout: float) -> str:
        """Wait for an Event about a PrestoCluster, which comes after the status that it is about; its message."""

        def messages() -> list[str]:
            return [message for found, message in self.events(name) if found == reason]

        return self.wait_until(messages, timeout=timeout, what=f"an Event {reason} about {name}")[-1]

    def evict(self, pod: str) -> str:
        """Evict a pod as `kubectl drain` does; what the API server says if it refuses."""
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": self.name}}
        try:
            self.api.create(self.api.path("pods", self.name, pod, "eviction"), eviction)
        except ApiRefusedError as refusal:
            return refusal.message
        return ""


def condition_of(resource: Resource, type_: str) -> Resource:
    """A condition in the status of an object; empty while there is none."""
    conditions = resource.get("status", {}).get("conditions", [])
    return next((item for item in conditions if item["type"] == type_), {})


def _says(resource: Resource, type_: str, status: str) -> bool:
    """Whether a condition of the present generation has this status."""
    condition = condition_of(resource, type_)
    is_current = condition.get("observedGeneration") == resource["metadata"]["generation"]
    return is_current and bool(condition["status"] == status)


def _is_available(deployment: Resource) -> bool:
    return bool(deployment["status"].get("availableReplicas", 0) == deployment["spec"]["replicas"])


def _tells_of(resource: Resource, deployments: list[Resource]) -> bool:
    """Whether the status of a PrestoCluster has the workers of its Deployments: those that are wanted and ready."""
    wanted: Counter[str] = Counter()
    ready: Counter[str] = Counter()
    for deployment in deployments:
        pool = deployment["metadata"]["labels"].get("prestooperator.io/pool")
        if pool is not None:
            wanted[pool] += deployment["spec"]["replicas"]
            ready[pool] += deployment["status"].get("readyReplicas", 0)
    rows = resource["status"]["workers"]["pools"]
    return {row["name"]: (row["replicas"], row["readyReplicas"]) for row in rows} == {
        pool: (wanted[pool], ready[pool]) for pool in wanted
    }

"""The Presto under load: kept by the operator, or in plain Deployments that nobody looks after."""

from __future__ import annotations

import json
from typing import Any, Protocol

from bench.faults.plain import SELECTOR as PLAIN_SELECTOR
from bench.faults.plain import plain_objects
from bench.faults.scenario import WORKERS, Keeper
from tests.harness.interface import Cluster
from tests.harness.waiting import wait_until
from tests.kit.resources import CLUSTER_LABEL, Namespace, Resource, manifest
from tests.kit.sql import PrestoClient

NAME = "bench"
_READY_SECONDS = 420.0
_CHANGE_SECONDS = 900.0
_PRESTO_SECONDS = 90.0


class Presto(Protocol):
    """What a scenario does with it."""

    namespace: Namespace
    selector: str
    """Of its workers' pods."""

    def scale(self, workers: int) -> None:
        """Ask for this many workers."""
        ...

    def roll_out(self) -> None:
        """Ask for other workers."""
        ...

    def wait_until_settled(self) -> None:
        """Return once it is as was asked for, and nothing leaves any more."""
        ...


def spec(*flags: str) -> Resource:
    """The PrestoCluster that both are made of: small servers, workers on spot nodes."""
    role: dict[str, Any] = {
        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
        "config": {"query.max-memory-per-node": "300MB", "query.max-total-memory-per-node": "400MB"},
    }
    # Servers that live for minutes start sooner without the optimising compiler.
    jvm: dict[str, Any] = {"heapPercent": 45, "extraArgs": ["-XX:TieredStopAtLevel=1"]}
    return manifest(
        NAME,
        coordinator={
            **role,
            "capacityType": "OnDemand",
            # So that what became of a query can be asked when the scenario is over.
            "config": {**role["config"], "query.max-history": "5000", "task.concurrency": "1"},
            "jvm": jvm,
        },
        workers={
            "replicas": WORKERS,
            **role,
            "jvm": {**jvm, "extraArgs": [*jvm["extraArgs"], *flags]},
            "pools": [{"name": "spot", "capacityType": "Spot"}],
        },
        # One thread a worker and query: with more of them than processors, everything waits for the long queries.
        catalogs={"tpch": {"properties": {"connector.name": "tpch", "tpch.splits-per-node": "1"}}},
    )


class OperatedPresto:
    """A PrestoCluster."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.selector = f"{CLUSTER_LABEL}={NAME},prestooperator.io/role=worker"
        self._roll_outs = 0
        namespace.apply(spec())

    def scale(self, workers: int) -> None:
        """Ask for this many workers."""
        self.namespace.kubectl("scale", f"prestocluster/{NAME}", f"--replicas={workers}")

    def roll_out(self) -> None:
        """Give the workers another JVM flag."""
        self._roll_outs += 1
        self.namespace.apply(spec(f"-Dexample.roll-out={self._roll_outs}"))

    def wait_until_settled(self) -> None:
        """Return once it is as was asked for, and nothing leaves any more."""
        self.namespace.wait_until_settled(NAME, timeout=_CHANGE_SECONDS)
        self.namespace.wait_for_condition(NAME, "Draining", "False", timeout=_CHANGE_SECONDS)


class PlainPresto:
    """The same in Deployments."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.selector = PLAIN_SELECTOR
        objects = plain_objects(spec(), namespace.name)
        (self._workers,) = [
            each["metadata"]["name"]
            for each in objects
            if each["kind"] == "Deployment" and each["spec"]["replicas"] == WORKERS
        ]
        namespace.kubectl(
            "apply", "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        )

    def scale(self, workers: int) -> None:
        """Ask for this many workers."""
        self.namespace.kubectl("scale", f"deployment/{self._workers}", f"--replicas={workers}")

    def roll_out(self) -> None:
        """Start the workers anew, as any change of their template does."""
        self.namespace.kubectl("rollout", "restart", f"deployment/{self._workers}")

    def wait_until_settled(self) -> None:
        """Return once it is as was asked for, and nothing leaves any more."""
        wait_until(self._is_settled, timeout=_CHANGE_SECONDS, what="the plain Deployments", interval=0.5)

    def _is_settled(self) -> bool:
        for deployment in self.namespace.objects("deployments"):
            wanted, status = deployment["spec"]["replicas"], deployment.get("status", {})
            if status.get("observedGeneration") != deployment["metadata"]["generation"]:
                return False
            counts = [status.get(count, 0) for count in ("replicas", "updatedReplicas", "availableReplicas")]
            if counts != [wanted] * 3:
                return False
        return not any("deletionTimestamp" in pod["metadata"] for pod in self.namespace.objects("pods"))


def start(cluster: Cluster, keeper: Keeper) -> Presto:
    """Bring up the Presto of this keeper, in a namespace of that name; return once it is settled."""
    cluster.kubectl("create", "namespace", keeper.value)
    namespace = Namespace(cluster, keeper.value)
    presto: Presto = OperatedPresto(namespace) if keeper is Keeper.OPERATOR else PlainPresto(namespace)
    presto.wait_until_settled()
    return presto


def stop(cluster: Cluster, keeper: Keeper) -> None:
    """Take it away with its namespace; return once its pods are gone, so that the next one has their memory."""
    if keeper is Keeper.OPERATOR:
        Namespace(cluster, keeper.value).kubectl("delete", "prestoclusters", "--all")
    cluster.kubectl("delete", "pods", "--all", f"--namespace={keeper.value}", "--force", "--grace-period=0")
    cluster.kubectl("delete", "namespace", keeper.value, "--timeout=180s", timeout=200)


def wait_for_active_workers(base_url: str) -> None:
    """Return once Presto counts all workers as active, and none else."""
    client = PrestoClient(base_url)
    wait_until(
        lambda: client.active_workers() == WORKERS,
        timeout=_PRESTO_SECONDS,
        what=f"{WORKERS} active workers",
        interval=0.5,
    )

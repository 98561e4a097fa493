"""When workers began to leave, by a watch."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from kubernetes import client, config, watch

from tests.harness.interface import Cluster
from tests.harness.spec import Taint

_WATCH_SECONDS = 1800
_WORKERS = "prestooperator.io/role=worker"


@dataclass
class Worker:
    """A worker's pod."""

    node: str | None
    leaving_at: float | None = None
    """When its deletionTimestamp was seen, by the monotonic clock."""


class ReclaimWatch:
    """All workers of all clusters, and the taints that make them leave."""

    def __init__(self, cluster: Cluster) -> None:
        self._api = client.CoreV1Api(config.new_client_from_config(config_file=str(cluster.kubeconfig)))
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()
        self._failure: Exception | None = None
        threading.Thread(target=self._follow, name="watch", daemon=True).start()

    def on(self, node: str) -> dict[str, Worker]:
        """The workers on a node that had not begun to leave, by uid.

        Raises:
            RuntimeError: the watch has failed, so that not all of them are known.
        """
        self._check()
        with self._lock:
            return {
                uid: worker
                for uid, worker in self._workers.items()
                if worker.node == node and worker.leaving_at is None
            }

    def count(self) -> int:
        """How many workers are on nodes, and stay."""
        self._check()
        with self._lock:
            return sum(worker.node is not None and worker.leaving_at is None for worker in self._workers.values())

    def taint(self, node: str, taint: Taint | None) -> float:
        """Set a node's taint, or take it away; the moment just before the write."""
        body = {"spec": {"taints": [taint.manifest()] if taint else []}}
        # Not by kubectl: its start would be a part of what is measured.
        begun = time.monotonic()
        self._api.patch_node(node, body)
        return begun

    def _check(self) -> None:
        if self._failure is not None:
            raise RuntimeError(f"the watch of the workers has failed: {self._failure}")

    def _follow(self) -> None:
        arguments = {"label_selector": _WORKERS, "timeout_seconds": _WATCH_SECONDS}
        try:
            for event in watch.Watch().stream(self._api.list_pod_for_all_namespaces, **arguments):
                self._see(event["type"], event["raw_object"], time.monotonic())
        except Exception as failure:  # noqa: BLE001 - told of to who asks for the workers
            self._failure = failure

    def _see(self, event: str, pod: dict[str, dict[str, str]], now: float) -> None:
        with self._lock:
            worker = self._workers.setdefault(pod["metadata"]["uid"], Worker(None))
            worker.node = pod["spec"].get("nodeName")
            if (event == "DELETED" or "deletionTimestamp" in pod["metadata"]) and worker.leaving_at is None:
                worker.leaving_at = now
            if event == "DELETED":
                del self._workers[pod["metadata"]["uid"]]

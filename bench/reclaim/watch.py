"""When workers began to leave, by a watch."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from tests.harness.interface import Cluster
from tests.harness.spec import Taint
from tests.kit.pod_watch import Pod, PodWatch, core_api

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
        self._api = core_api(cluster)
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()
        self._watch = PodWatch(cluster, self._see, selector=_WORKERS)
        self._watch.start()

    def on(self, node: str) -> dict[str, Worker]:
        """The workers on a node that had not begun to leave, by uid.

        Raises:
            RuntimeError: the watch has failed, so that not all of them are known.
        """
        self._watch.check()
        with self._lock:
            return {
                uid: worker
                for uid, worker in self._workers.items()
                if worker.node == node and worker.leaving_at is None
            }

    def count(self) -> int:
        """How many workers are on nodes, and stay."""
        self._watch.check()
        with self._lock:
            return sum(worker.node is not None and worker.leaving_at is None for worker in self._workers.values())

    def taint(self, node: str, taint: Taint | None) -> float:
        """Set a node's taint, or take it away; the moment just before the write."""
        body = {"spec": {"taints": [taint.manifest()] if taint else []}}
        # Not by kubectl: its start would be a part of what is measured.
        begun = time.monotonic()
        self._api.patch_node(node, body)
        return begun

    def _see(self, event: str, pod: Pod) -> None:
        now = time.monotonic()
        with self._lock:
            worker = self._workers.setdefault(pod["metadata"]["uid"], Worker(None))
            worker.node = pod["spec"].get("nodeName")
            if (event == "DELETED" or "deletionTimestamp" in pod["metadata"]) and worker.leaving_at is None:
                worker.leaving_at = now
            if event == "DELETED":
                del self._workers[pod["metadata"]["uid"]]

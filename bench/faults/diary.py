"""What became of each worker, by a watch, and when: ready, leaving, shutting down, gone."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import urllib3
from kubernetes import client

from bench.faults.worker import Worker
from tests.harness.interface import Cluster
from tests.kit.pod_watch import Pod, PodWatch, core_api

_POLL_SECONDS = 0.05
_POLL_TIMEOUT_SECONDS = 1.0
_TASKS_TIMEOUT_SECONDS = 5.0
_SHUTDOWN_SECONDS = 60.0
"""How long a worker that leaves is asked whether it shuts down."""
HTTP_PORT = 8080


class Diary:
    """The workers of one Presto, since the watch began."""

    def __init__(self, cluster: Cluster, namespace: str, selector: str) -> None:
        self._api = core_api(cluster)
        self._namespace = namespace
        self._watch = PodWatch(cluster, self._see, selector=selector, namespace=namespace)
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep it until the block ends."""
        self._watch.start()
        try:
            yield
        finally:
            self._over.set()
            self._watch.stop()

    def workers(self) -> list[Worker]:
        """All that there were.

        Raises:
            RuntimeError: the watch has failed, so that not all of them are known.
        """
        self._watch.check()
        with self._lock:
            return list(self._workers.values())

    def at_work(self, *, but_on: frozenset[str] = frozenset()) -> list[Worker]:
        """Those that are ready and stay; a node that is lost takes its workers, whatever the API server still says."""
        return [worker for worker in self.workers() if worker.is_at_work and worker.node not in but_on]

    def on(self, nodes: frozenset[str]) -> list[Worker]:
        """Those at work on these nodes."""
        return [worker for worker in self.workers() if worker.is_at_work and worker.node in nodes]

    def has_running_tasks(self, worker: Worker) -> bool:
        """Whether Presto runs a task there now."""
        try:
            tasks = json.loads(self._ask(worker.name, "v1/task", timeout_seconds=_TASKS_TIMEOUT_SECONDS))
        except (client.ApiException, urllib3.exceptions.HTTPError):
            return False
        return any(task["taskStatus"]["state"] == "RUNNING" for task in tasks)

    def _see(self, event: str, pod: Pod) -> None:
        now = time.monotonic()
        metadata = pod["metadata"]
        with self._lock:
            worker = self._workers.setdefault(metadata["uid"], Worker(metadata["name"]))
            worker.node = pod["spec"].get("nodeName")
            conditions = pod.get("status", {}).get("conditions", [])
            worker.is_ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
            if worker.is_ready and worker.ready_at is None:
                worker.ready_at = now
            is_new_leaver = "deletionTimestamp" in metadata and worker.leaving_at is None
            if is_new_leaver:
                worker.leaving_at = now
            if event == "DELETED":
                worker.gone_at = now
        if is_new_leaver and worker.gone_at is None:
            threading.Thread(target=self._see_shutdown, args=(worker,), daemon=True).start()

    def _see_shutdown(self, worker: Worker) -> None:
        """Ask a worker that leaves, until it says that it shuts down, or is gone."""
        deadline = time.monotonic() + _SHUTDOWN_SECONDS
        while worker.gone_at is None and time.monotonic() < deadline and not self._over.wait(_POLL_SECONDS):
            try:
                state = self._ask(worker.name, "v1/info/state", timeout_seconds=_POLL_TIMEOUT_SECONDS)
            except (client.ApiException, urllib3.exceptions.HTTPError):
                continue
            if b"SHUTTING_DOWN" in state:
                worker.shutting_down_at = time.monotonic()
                return

    def _ask(self, pod: str, path: str, *, timeout_seconds: float) -> bytes:
        # Through the API server: whatever the nodes are made of, this machine reaches that.
        answer: Any = self._api.connect_get_namespaced_pod_proxy_with_path(
            f"{pod}:{HTTP_PORT}",
            self._namespace,
            path,
            _preload_content=False,
            _request_timeout=timeout_seconds,
        )
        data: bytes = answer.data
        return data

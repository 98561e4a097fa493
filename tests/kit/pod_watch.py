"""Watches of pods, each in a thread of its own: what is there for a moment only is seen, too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kubernetes import client, config, watch

from tests.harness.interface import Cluster
from tests.kit.resources import CLUSTER_LABEL, Namespace

_WATCH_SECONDS = 1800
_FIRST_EVENT_SECONDS = 30.0

Pod = dict[str, Any]


def core_api(cluster: Cluster) -> client.CoreV1Api:
    """The API server's core group, with full rights."""
    return client.CoreV1Api(config.new_client_from_config(config_file=str(cluster.kubeconfig)))


class PodWatch:
    """Shows every event about the pods that a selector selects, in one namespace or in all."""

    def __init__(
        self, cluster: Cluster, see: Callable[[str, Pod], None], *, selector: str, namespace: str | None = None
    ) -> None:
        """`see` is called in the watch's thread, with the type of the event and the pod."""
        api = core_api(cluster)
        self._list = api.list_pod_for_all_namespaces if namespace is None else api.list_namespaced_pod
        self._arguments: dict[str, Any] = {"label_selector": selector, "timeout_seconds": _WATCH_SECONDS}
        if namespace is not None:
            self._arguments["namespace"] = namespace
        self._see = see
        self._stream = watch.Watch()
        self._is_stopped = False
        self._failure: Exception | None = None
        self._has_seen = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._is_stopped = True
        self._stream.stop()

    def wait_for_an_event(self) -> None:
        """Wait until the watch has shown something.

        Raises:
            AssertionError: there was nothing to show.
        """
        assert self._has_seen.wait(timeout=_FIRST_EVENT_SECONDS), "the watch has seen no pod"

    def check(self) -> None:
        """Make sure that no event was missed so far.

        Raises:
            RuntimeError: the watch has failed, or ended by itself.
        """
        if self._failure is not None:
            raise RuntimeError(f"the watch of pods has failed: {self._failure}")
        if not self._is_stopped and not self._thread.is_alive():
            raise RuntimeError("the watch of pods has ended too soon")

    def _follow(self) -> None:
        try:
            for event in self._stream.stream(self._list, **self._arguments):
                self._see(event["type"], event["raw_object"])
                self._has_seen.set()
        except Exception as failure:  # noqa: BLE001 - raised by `check`
            self._failure = failure
            self._has_seen.set()


@dataclass
class PodCount:
    """How many workers of a Presto cluster there were at once."""

    most: int = 0
    """All workers, including those that were terminating."""
    most_leaving: int = 0
    leaving_by_uid: dict[str, bool] = field(default_factory=dict)

    def see(self, event: str, pod: Pod) -> None:
        """Take note of an event of the watch."""
        metadata = pod["metadata"]
        if event == "DELETED":
            self.leaving_by_uid.pop(metadata["uid"], None)
        else:
            self.leaving_by_uid[metadata["uid"]] = "deletionTimestamp" in metadata
        self.most = max(self.most, len(self.leaving_by_uid))
        self.most_leaving = max(self.most_leaving, sum(self.leaving_by_uid.values()))


@contextmanager
def counted_workers(namespace: Namespace, cluster_name: str) -> Iterator[PodCount]:
    """Count the workers of a Presto cluster until the block ends."""
    count = PodCount()
    selector = f"{CLUSTER_LABEL}={cluster_name},prestooperator.io/role=worker"
    workers = PodWatch(namespace.cluster, count.see, selector=selector, namespace=namespace.name)
    workers.start()
    workers.wait_for_an_event()
    yield count
    workers.check()
    workers.stop()

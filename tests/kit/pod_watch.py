"""Watches of pods, each in a thread of its own: what is there for a moment only is seen, too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kubernetes import client, config

from tests.harness.interface import Cluster
from tests.kit.kubernetes_api import KubernetesApi, Resource, Watch
from tests.kit.resources import CLUSTER_LABEL, Namespace

_FIRST_EVENT_SECONDS = 30.0

Pod = Resource


def core_api(cluster: Cluster) -> client.CoreV1Api:
    """The API server's core group, with full rights."""
    return client.CoreV1Api(config.new_client_from_config(config_file=str(cluster.kubeconfig)))


class PodWatch:
    """Shows every event about the pods that a selector selects, in one namespace or in all."""

    def __init__(
        self, cluster: Cluster, see: Callable[[str, Pod], None], *, selector: str, namespace: str | None = None
    ) -> None:
        """`see` is called in the watch's thread, with the type of the event and the pod."""
        self._api = KubernetesApi(cluster.kubeconfig)
        self._namespace = namespace
        self._selector = selector
        self._see = see
        self._watch: Watch | None = None
        self._has_seen = threading.Event()

    def start(self) -> None:
        """Begin to watch. Pods that are there already are shown first."""
        self._watch = self._api.watch(self._api.path("pods", self._namespace), self._take, labelSelector=self._selector)

    def stop(self) -> None:
        """Watch no longer."""
        if self._watch is not None:
            self._watch.stop()

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
        if self._watch is not None and self._watch.failure is not None:
            raise RuntimeError(self._watch.failure)

    def _take(self, event: Resource) -> None:
        if event["type"] != "ERROR":
            self._see(event["type"], event["object"])
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
    try:
        workers.wait_for_an_event()
        yield count
        workers.check()
    finally:
        workers.stop()

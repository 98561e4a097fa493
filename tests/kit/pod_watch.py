"""Every pod that there ever was, by a watch: what is there for a moment only is counted, too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.kit.kubernetes_api import Resource
from tests.kit.resources import CLUSTER_LABEL, Namespace


@dataclass
class PodCount:
    """How many workers of a Presto cluster there were at once."""

    most: int = 0
    """Workers, those that leave included."""
    most_leaving: int = 0
    leaving_by_uid: dict[str, bool] = field(default_factory=dict)

    def see(self, event: str, uid: str, *, is_leaving: bool) -> None:
        """Take note of an event of the watch."""
        if event == "DELETED":
            self.leaving_by_uid.pop(uid, None)
        else:
            self.leaving_by_uid[uid] = is_leaving
        self.most = max(self.most, len(self.leaving_by_uid))
        self.most_leaving = max(self.most_leaving, sum(self.leaving_by_uid.values()))


@contextmanager
def counted_workers(namespace: Namespace, cluster_name: str) -> Iterator[PodCount]:
    """Count the workers of a Presto cluster until the block ends."""
    count = PodCount()
    started = threading.Event()

    def see(event: Resource) -> None:
        if event["type"] != "ERROR":
            metadata = event["object"]["metadata"]
            count.see(event["type"], metadata["uid"], is_leaving="deletionTimestamp" in metadata)
        started.set()

    selector = f"{CLUSTER_LABEL}={cluster_name},prestooperator.io/role=worker"
    watch = namespace.api.watch(namespace.api.path("pods", namespace.name), see, labelSelector=selector)
    try:
        assert started.wait(timeout=30), "the watch has seen no worker"
        yield count
        assert watch.failure is None, watch.failure
    finally:
        watch.stop()

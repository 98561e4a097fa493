"""Every pod that there ever was, by a watch: what is there for a moment only is counted, too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kubernetes import client, config, watch

from tests.kit.resources import CLUSTER_LABEL, Namespace

_WATCH_SECONDS = 1800


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
    failures: list[Exception] = []
    started = threading.Event()
    stream = watch.Watch()
    api = client.CoreV1Api(config.new_client_from_config(config_file=str(namespace.cluster.kubeconfig)))

    def follow() -> None:
        selector = f"{CLUSTER_LABEL}={cluster_name},prestooperator.io/role=worker"
        arguments = {"namespace": namespace.name, "label_selector": selector, "timeout_seconds": _WATCH_SECONDS}
        try:
            for event in stream.stream(api.list_namespaced_pod, **arguments):
                metadata = event["raw_object"]["metadata"]
                count.see(event["type"], metadata["uid"], is_leaving="deletionTimestamp" in metadata)
                started.set()
        except Exception as error:  # noqa: BLE001 - told of by the test that counts
            failures.append(error)
            started.set()

    thread = threading.Thread(target=follow, name="watch", daemon=True)
    thread.start()
    assert started.wait(timeout=30), "the watch has seen no worker"
    yield count
    assert not failures, f"the watch has failed: {failures[0]}"
    assert thread.is_alive(), "the watch has ended too soon"
    stream.stop()

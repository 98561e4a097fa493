"""Pods that the kubelet turns away at once: Kubernetes replaces them without any back-off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.harness.waiting import wait_until
from tests.kit.kubernetes_api import ApiRefusedError
from tests.kit.resources import Namespace, Resource, condition_of, manifest
from tests.kit.silent_node import SILENT

_FORBIDDEN = {
    "phase": "Failed",
    "reason": "SysctlForbidden",
    "message": 'forbidden sysctl: "net.core.somaxconn" not allowlisted',
}
_WATCHED_SECONDS = 45
"""In which there were about 300 pods before they were held."""


class RejectingKubelet:
    """Turns away each pod on a node, as a kubelet does that doesn't allow a sysctl."""

    def __init__(self, namespace: Namespace, node: str) -> None:
        self.seen: set[str] = set()
        """The uids of the pods that it has turned away."""
        self._namespace = namespace
        self._node = node

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """It works until the block ends."""
        watch = self._namespace.api.watch(self._namespace.api.path("pods", self._namespace.name), self._take)
        yield
        watch.stop()

    def _take(self, event: Resource) -> None:
        pod = event["object"]
        is_there = event["type"] in ("ADDED", "MODIFIED") and pod["spec"].get("nodeName") == self._node
        if is_there and "deletionTimestamp" in pod["metadata"]:
            path = self._namespace.api.path("pods", self._namespace.name, pod["metadata"]["name"])
            self._namespace.api.delete(path, gracePeriodSeconds="0")
        if not is_there or pod["metadata"]["uid"] in self.seen:
            return
        self.seen.add(pod["metadata"]["uid"])
        try:
            self._namespace.patch_status("pod", pod["metadata"]["name"], _FORBIDDEN)
        except ApiRefusedError as refusal:
            if refusal.status != 404:
                raise


def test_rejected_pods_are_bounded_and_it_goes_on_once_the_spec_is_mended(
    namespace: Namespace, silent_node: str
) -> None:
    where = {
        "nodeSelector": {"silent": silent_node},
        "tolerations": [{"key": SILENT.key, "operator": "Exists"}],
    }
    kubelet = RejectingKubelet(namespace, silent_node)
    with kubelet.at_work():
        namespace.apply(
            manifest("adhoc", coordinator=where, workers={"replicas": 2, "pools": [{"name": "r5", **where}]})
        )
        began = time.monotonic()
        namespace.wait_until(
            lambda: namespace.condition("adhoc", "Degraded").get("reason") == "PodsRejected",
            timeout=30,
            what="Degraded to say that pods are rejected",
        )
        assert "SysctlForbidden: forbidden sysctl" in namespace.condition("adhoc", "Degraded")["message"]
        wait_until(
            lambda: time.monotonic() - began > _WATCHED_SECONDS, timeout=2 * _WATCHED_SECONDS, what="trials to be made"
        )
        rejected = len(kubelet.seen)
        assert rejected <= 60
        assert len(namespace.pods("adhoc")) <= 20
        broken = namespace.presto_cluster("adhoc")["status"]["coordinator"]["generation"]

        namespace.apply(manifest("adhoc", workers={"replicas": 2}))
        namespace.wait_until_settled("adhoc", timeout=90)
        namespace.wait_until(
            lambda: all(pod["status"]["phase"] == "Running" for pod in namespace.pods("adhoc")),
            timeout=30,
            what="the failed pods to be gone",
        )
    assert condition_of(namespace.presto_cluster("adhoc"), "Degraded")["status"] == "False"
    deployments = namespace.objects("deployments", "prestooperator.io/cluster=adhoc")
    assert broken not in {obj["metadata"]["labels"]["prestooperator.io/generation"] for obj in deployments}

"""What a kubelet does besides running pods: it says that it lives."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from tests.kit.kubernetes_api import KubernetesApi

_INTERVAL_SECONDS = 3.0
"""As the kubelets of the local provider; a node is NotReady after 12 s without."""


@contextmanager
def heartbeat(api: KubernetesApi, node: str) -> Iterator[None]:
    """Renew the node's lease until the block ends, so that it stays Ready."""
    leases = api.path("leases", "kube-node-lease")
    api.create(leases, {"metadata": {"name": node}, "spec": {"holderIdentity": node, "renewTime": _now()}})
    over = threading.Event()

    def renew() -> None:
        while not over.wait(_INTERVAL_SECONDS):
            api.patch(f"{leases}/{node}", {"spec": {"renewTime": _now()}})

    thread = threading.Thread(target=renew, name=f"heartbeat of {node}", daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()
    api.delete(f"{leases}/{node}")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

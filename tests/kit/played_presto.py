"""Presto's HTTP API, played: the load is what a test says it is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.harness.errors import WaitedInVainError
from tests.harness.interface import Cluster
from tests.kit.resources import Namespace

_PORT = 8080


@dataclass
class PlayedPresto:
    """A coordinator, and workers, with as many queries as a test wants."""

    address: str
    running: int = 0
    queued: int = 0
    waiting: int = 0
    held_back: int = 0
    active_workers: int = 1
    polls: int = 0
    """How often it was asked for its queries."""
    _asked: threading.Condition = field(default_factory=threading.Condition)

    def answer(self, path: str) -> Any:
        """What it says at `path`; None: it knows no such thing."""
        path, _, _ = path.partition("?")
        if path == "/v1/cluster":
            return {
                "runningQueries": self.running,
                "blockedQueries": 0,
                "queuedQueries": self.queued + self.held_back,
                "activeWorkers": self.active_workers,
            }
        if path == "/v1/queryState":
            with self._asked:
                self.polls += 1
                self._asked.notify_all()
            return [
                *({"queryState": "RUNNING", "resourceGroupId": ["open"]} for _ in range(self.running)),
                *({"queryState": "QUEUED", "resourceGroupId": ["open"]} for _ in range(self.queued)),
                *({"queryState": "QUEUED", "resourceGroupId": ["full"]} for _ in range(self.held_back)),
                *({"queryState": "WAITING_FOR_RESOURCES", "resourceGroupId": ["open"]} for _ in range(self.waiting)),
            ]
        if path.startswith("/v1/resourceGroupState/"):
            name = path.rsplit("/", 1)[1]
            return {"id": [name], "numRunningQueries": 1, "hardConcurrencyLimit": 1 if name == "full" else 100}
        return {"/v1/query": [], "/v1/task": [], "/v1/status": {"processCpuLoad": 0.1}}.get(path)

    def stand_in(self, namespace: Namespace, cluster_name: str) -> None:
        """Let the coordinator's pod have this address, and wait until the operator has asked here."""
        (coordinator,) = namespace.pods(cluster_name, "coordinator")
        status = {"podIP": self.address, "podIPs": [{"ip": self.address}]}
        namespace.patch_status("pod", coordinator["metadata"]["name"], status)
        self.wait_for_polls(1, timeout=60)

    def wait_for_polls(self, count: int, *, timeout: float) -> None:
        """Wait until the operator has asked so many times more.

        Raises WaitedInVainError after `timeout` seconds.
        """
        with self._asked:
            enough = self.polls + count
            if not self._asked.wait_for(lambda: self.polls >= enough, timeout):
                raise WaitedInVainError(f"waited {timeout:g} s for {count} more polls of the played Presto, in vain")


@contextmanager
def played_presto(cluster: Cluster) -> Iterator[PlayedPresto]:
    """Play a Presto until the block ends, at an address that pods of this Kubernetes cluster can be said to have."""
    with cluster.reachable_address() as address:
        presto = PlayedPresto(address)
        with _served(presto):
            yield presto


@contextmanager
def _served(presto: PlayedPresto) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        # HTTP/1.0: a connection that is kept would be answered on by the Presto of a test that is over.
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            answer = presto.answer(self.path)
            content = json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer((presto.address, _PORT), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()

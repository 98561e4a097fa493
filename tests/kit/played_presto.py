"""Presto's HTTP API, played: the load is what a test says it is."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.harness.waiting import wait_until
from tests.kit.resources import Namespace

_PORT = 8080
_ROUTABLE = ("198.51.100.1", 9)
"""An address that nobody has: no packet goes there, but the kernel says which of ours it would come from."""


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
            self.polls += 1
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
        namespace.kubectl(
            "patch",
            "pod",
            coordinator["metadata"]["name"],
            "--subresource=status",
            "--type=merge",
            f"--patch={json.dumps({'status': status})}",
        )
        asked = self.polls
        wait_until(lambda: self.polls > asked, timeout=60, what="the operator to ask the played coordinator")


@contextmanager
def played_presto() -> Iterator[PlayedPresto]:
    """Play a Presto at this machine's own address until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_ROUTABLE)
        address: str = probe.getsockname()[0]
    presto = PlayedPresto(address)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

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

    server = ThreadingHTTPServer((address, _PORT), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield presto
    finally:
        server.shutdown()
        server.server_close()

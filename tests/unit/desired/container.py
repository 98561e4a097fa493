"""A container in which a server process runs, with a small HTTP server that answers as a Presto at each edge would."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from presto_operator.desired.server_script import ServerSettings, server_script
from tests.harness.waiting import wait_until

HANGS = 0
"""Instead of a status code: the server takes the connection and says nothing."""


@dataclass
class Presto:
    """A server at its edges."""

    answers: list[int]
    """Status codes of PUT /v1/info/state, one after the other; the last one stays."""
    tasks: list[list[str] | int] = field(default_factory=lambda: [[]])
    """States of its tasks in each look at /v1/task, or a status code that refuses to tell; the last one stays."""
    info: dict[str, Any] = field(default_factory=dict)
    puts: list[tuple[str, str | None, bytes]] = field(default_factory=list)
    """Path, content type and body of each."""
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        if request.command == "PUT":
            body = request.rfile.read(int(request.headers["Content-Length"]))
            self.puts.append((request.path, request.headers["Content-Type"], body))
            status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if status == HANGS:
                self.over.wait(30)
                return
            self._say(request, status, None)
        elif request.path.startswith("/v1/task"):
            found = self.tasks.pop(0) if len(self.tasks) > 1 else self.tasks[0]
            if isinstance(found, int):
                self._say(request, found, None)
            else:
                told = [{"taskId": f"q.{n}", "taskStatus": {"state": state}} for n, state in enumerate(found)]
                self._say(request, 200, told)
        else:
            self._say(request, 200, self.info)

    @staticmethod
    def _say(request: BaseHTTPRequestHandler, status: int, body: object) -> None:
        content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


class Container:
    """A container in which a server process runs and the script can be run beside it."""

    def __init__(self, shell: str, path: Path, directory: Path) -> None:
        self.shell = shell
        self.path = path
        self.record = directory / "termination-log"
        self.data = directory / "data"
        self.data.mkdir()
        self.process = subprocess.Popen(["sleep", "300"], stdout=subprocess.DEVNULL)
        # Process 1 of a container leaves nothing behind, so this one must not either.
        self._reaper = threading.Thread(target=self.process.wait)
        self._reaper.start()
        self.port = 0
        self._servers: list[ThreadingHTTPServer] = []
        self._prestos: list[Presto] = []
        self._taken: list[socket.socket] = []

    def serve(self, presto: Presto) -> Presto:
        """Let a server listen."""

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                presto.answer(self)

            def do_GET(self) -> None:
                presto.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self._servers.append(server)
        self._prestos.append(presto)
        return presto

    def stop_listening(self) -> None:
        """Close the server's socket, while its process goes on."""
        for presto in self._prestos:
            presto.over.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()
            # The port stays taken, so that nobody else listens there.
            self._taken.append(socket.socket())
            self._taken[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._taken[-1].bind(("127.0.0.1", server.server_port))
        self._servers.clear()

    def run(self, action: str, *, patience: float = 0.3, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Begin to run the script, with shorter waits than it has; `patience` is how many seconds an answer may take.

        `env` is what the environment has beside PATH. Whoever counts requests gives more patience than a busy
        machine needs: one that comes late is asked for again.
        """
        script = server_script(
            ServerSettings(
                data=str(self.data),
                termination_log=str(self.record),
                server_process=self.process.pid,
                answer_seconds=patience,
                pause_seconds=0.02,
            )
        )
        program = shutil.which(self.shell)
        assert program is not None
        return subprocess.Popen(
            ["sh", "-c", script, "script", action, str(self.port)],
            executable=program,
            env={"PATH": str(self.path), **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def drain(self, *, patience: float = 0.3) -> int:
        """Run the hook to its end; its exit code."""
        hook = self.run("drain", patience=patience)
        try:
            _, words = hook.communicate(timeout=30)
        finally:
            hook.kill()
        assert words == ""
        return hook.returncode

    def recorded(self) -> str | None:
        """The termination message."""
        return self.record.read_text() if self.record.exists() else None

    def wait_for_record(self, text: str) -> None:
        """Wait until this is the termination message."""
        wait_until(lambda: self.recorded() == f"{text}\n", timeout=20, what=f"record {text}", interval=0.02)

    def close(self) -> None:
        """End everything."""
        self.stop_listening()
        for taken in self._taken:
            taken.close()
        self.process.kill()
        self._reaper.join(timeout=10)


@dataclass
class Proxy:
    """A proxy on the loopback interface that answers for whatever it is asked for."""

    address: str
    """HOST:PORT"""
    requests: list[bytes] = field(default_factory=list)
    """The first bytes of each connection."""


@contextmanager
def listening_proxy() -> Iterator[Proxy]:
    """A proxy that listens until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(f"127.0.0.1:{listener.getsockname()[1]}")

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    proxy.requests.append(connection.recv(4096))
                    connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)

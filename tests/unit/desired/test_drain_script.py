"""The preStop hook, in real shells, against a small HTTP server that answers as a Presto at each edge would."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from presto_operator.desired.server_script import SERVER_SCRIPT_TEXT, TERMINATION_LOG
from presto_operator.presto.configuration import DATA_DIRECTORY
from tests.harness.waiting import wait_until
from tests.unit.desired.shell import SHELLS, programs

_PROGRAMS = ("bash", "cat", "rm", "timeout", "touch")
_HANGS = 0
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
            if status == _HANGS:
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
        self._servers.clear()

    def run(self, action: str, *, patience: float = 0.3) -> subprocess.Popen[str]:
        """Begin to run the script, with shorter waits than it has; `patience` is how many seconds an answer may take.

        Whoever counts requests gives more of it than a busy machine needs: one that comes late is asked for again.
        """
        script = SERVER_SCRIPT_TEXT
        for real, ours in (
            ("server=1\n", f"server={self.process.pid}\n"),
            (TERMINATION_LOG, str(self.record)),
            (f"{DATA_DIRECTORY}/", f"{self.data}/"),
            ("--max-time 5", f"--max-time {patience}"),
            ("timeout 5", f"timeout {patience}"),
            ("sleep 1", "/bin/sleep 0.02"),
        ):
            assert real in script, f"the script no longer has {real!r}"
            script = script.replace(real, ours)
        program = shutil.which(self.shell)
        assert program is not None
        return subprocess.Popen(
            [program, "-c", script, "script", action, str(self.port)],
            env={"PATH": str(self.path)},
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
        self.process.kill()
        self._reaper.join(timeout=10)


@pytest.fixture(params=[(shell, client) for shell in SHELLS for client in ("curl", "no curl")], ids="-".join)
def container(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Container]:
    """A container of an image with one shell or the other, with and without curl."""
    shell, client = request.param
    names = (*_PROGRAMS, "curl") if client == "curl" else _PROGRAMS
    container = Container(shell, programs(tmp_path / "bin", names), tmp_path)
    yield container
    container.close()


def test_it_asks_once_and_blocks_until_the_server_has_exited(container: Container) -> None:
    presto = container.serve(Presto([200]))
    hook = container.run("drain")
    container.wait_for_record("drain: state=draining")
    assert hook.poll() is None
    container.process.kill()
    assert hook.wait(timeout=10) == 0
    assert presto.puts == [("/v1/info/state", "application/json", b'"SHUTTING_DOWN"')]


def test_one_that_never_gets_done_is_waited_for_until_kubernetes_ends_it(container: Container) -> None:
    container.serve(Presto([200], tasks=[["RUNNING"]]))
    hook = container.run("drain")
    container.wait_for_record("drain: state=draining")
    with pytest.raises(subprocess.TimeoutExpired):
        hook.wait(timeout=0.5)
    hook.kill()
    hook.wait(timeout=10)
    assert container.recorded() == "drain: state=draining\n"


def test_a_server_that_does_not_listen_yet_is_not_waited_for(container: Container) -> None:
    (container.data / "starting").touch()
    container.serve(Presto([200]))
    container.stop_listening()
    assert container.drain() == 0
    assert container.recorded() is None


def test_a_server_that_is_starting_is_asked_until_it_takes_it(container: Container) -> None:
    (container.data / "starting").touch()
    presto = container.serve(Presto([503, 503, _HANGS, 200]))
    hook = container.run("drain", patience=1)
    container.wait_for_record("drain: state=draining")
    assert len(presto.puts) == 4
    container.process.kill()
    assert hook.wait(timeout=10) == 0


def test_a_server_that_never_gets_started_is_asked_for_a_while_only(container: Container) -> None:
    (container.data / "starting").touch()
    presto = container.serve(Presto([503], tasks=[["RUNNING"]]))
    assert container.drain(patience=5) == 0
    assert len(presto.puts) == 30
    assert container.recorded() is None


def test_a_server_that_hangs_is_asked_until_it_takes_it(container: Container) -> None:
    presto = container.serve(Presto([_HANGS, _HANGS, _HANGS, 200]))
    hook = container.run("drain", patience=1)
    container.wait_for_record("drain: state=unanswered")
    container.wait_for_record("drain: state=draining")
    assert hook.poll() is None
    assert len(presto.puts) == 4


@pytest.mark.parametrize("status", [401, 403, 500])
def test_one_that_refuses_is_left_alone_while_it_has_tasks(container: Container, status: int) -> None:
    presto = container.serve(Presto([status], tasks=[["RUNNING", "FINISHED"], ["PLANNED"], [], ["RUNNING"], ["DONE"]]))
    hook = container.run("drain", patience=5)
    container.wait_for_record(f"drain: state=refused status={status} tasks=none")
    assert hook.wait(timeout=10) == 0
    assert container.process.poll() is None, "it is for Kubernetes to end the server"
    assert len(presto.puts) == 6, "two looks in a row were to find no task"


def test_one_that_refuses_to_tell_of_its_tasks_too_is_given_all_the_time(container: Container) -> None:
    container.serve(Presto([403], tasks=[403]))
    hook = container.run("drain")
    container.wait_for_record("drain: state=refused status=403 tasks=unknown")
    with pytest.raises(subprocess.TimeoutExpired):
        hook.wait(timeout=0.5)
    hook.kill()
    hook.wait(timeout=10)


def test_one_that_has_served_and_listens_no_more_is_waited_for_a_little(container: Container) -> None:
    container.serve(Presto([200]))
    container.stop_listening()
    assert container.drain() == 1
    assert container.recorded() == "drain: state=deaf\n"


def test_a_server_that_exits_meanwhile_ends_the_hook(container: Container) -> None:
    container.serve(Presto([_HANGS]))
    hook = container.run("drain")
    container.wait_for_record("drain: state=unanswered")
    container.process.kill()
    assert hook.wait(timeout=10) == 0


def test_the_startup_probe_says_when_a_server_has_started(container: Container) -> None:
    mark = container.data / "starting"
    mark.touch()
    presto = container.serve(Presto([200], info={"starting": True}))
    assert container.run("started").wait(timeout=10) == 1
    assert mark.exists()
    presto.info["starting"] = False
    assert container.run("started").wait(timeout=10) == 0
    assert not mark.exists()
    assert container.run("started").wait(timeout=10) == 0

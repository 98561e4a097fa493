from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from presto_operator.presto import client
from presto_operator.presto.client import fetch_cluster_stats, fetch_query_activity, fetch_running_tasks
from presto_operator.presto.stats import PrestoUnavailableError

Answer = Callable[[BaseHTTPRequestHandler], None]
Serve = Callable[[Answer], str]

_LONGEST_SECONDS = 2.0
_GOOD = json.dumps({"runningQueries": 1, "blockedQueries": 2, "queuedQueries": 3, "activeWorkers": 4})


@pytest.fixture
def stopped() -> Iterator[threading.Event]:
    """Set when the test is over, so that a handler that hangs ends with it."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def serve(stopped: threading.Event, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Start a coordinator that answers so; gives its address."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(client, "_CONNECT_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(client, "_READ_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(client, "_TOTAL_TIMEOUT_SECONDS", 0.6)
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(OSError):
                    answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    stopped.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def test_asks_v1_cluster(serve: Serve) -> None:
    paths: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        paths.append(request.path)
        _send(request, 200, _GOOD)

    stats = fetch_cluster_stats(serve(answer))
    assert paths == ["/v1/cluster"]
    assert (stats.running_queries, stats.blocked_queries, stats.queued_queries, stats.active_workers) == (1, 2, 3, 4)


def test_asks_a_worker_for_its_tasks(serve: Serve) -> None:
    paths: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        paths.append(request.path)
        _send(request, 200, json.dumps([{"taskStatus": {"state": "RUNNING"}}, {"taskStatus": {"state": "FINISHED"}}]))

    assert fetch_running_tasks(serve(answer)) == 1
    assert paths == ["/v1/task?summarize=true"]


@pytest.mark.parametrize(
    ("status", "text"), [(500, _GOOD), (503, ""), (404, _GOOD), (200, "Presto is starting"), (200, "[]"), (200, "")]
)
def test_a_bad_answer_names_the_address(serve: Serve, status: int, text: str) -> None:
    uri = serve(lambda request: _send(request, status, text))
    with pytest.raises(PrestoUnavailableError, match="/v1/cluster"):
        fetch_cluster_stats(uri)


def test_a_coordinator_that_is_silent_holds_nobody_up(serve: Serve, stopped: threading.Event) -> None:
    uri = serve(lambda _: _wait(stopped))
    _assert_gives_up(uri)


def test_a_coordinator_that_answers_drop_by_drop_holds_nobody_up(serve: Serve, stopped: threading.Event) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        # Blanks are JSON too: 40 of them take four seconds, and each comes well within the read timeout.
        for _ in range(40):
            request.wfile.write(b" ")
            if stopped.wait(0.1):
                return
        request.wfile.write(_GOOD.encode())

    _assert_gives_up(serve(answer))


def test_asks_v1_query(serve: Serve) -> None:
    paths: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        paths.append(request.path)
        _send(request, 200, json.dumps([{"queryId": "q1", "state": "RUNNING"}]))

    assert fetch_query_activity(serve(answer)).unfinished == ("q1",)
    assert paths == ["/v1/query"]


def test_queries_may_have_long_texts(serve: Serve) -> None:
    item = {"queryId": "q1", "state": "RUNNING", "query": "x" * 2 * 1024 * 1024}
    uri = serve(lambda request: _send(request, 200, json.dumps([item])))
    assert fetch_query_activity(uri).unfinished == ("q1",)


def test_an_answer_without_end_is_an_error(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_MAX_QUERIES_BYTES", 1000)
    item = {"queryId": "q1", "state": "RUNNING", "query": "x" * 2000}
    uri = serve(lambda request: _send(request, 200, json.dumps([item])))
    with pytest.raises(PrestoUnavailableError, match="longer than 1000 bytes"):
        fetch_query_activity(uri)


def test_nobody_there_is_an_error_at_once(serve: Serve) -> None:
    with pytest.raises(PrestoUnavailableError, match="/v1/cluster"):
        fetch_cluster_stats("http://127.0.0.1:1")


def _assert_gives_up(uri: str) -> None:
    started = time.monotonic()
    with pytest.raises(PrestoUnavailableError):
        fetch_cluster_stats(uri)
    assert time.monotonic() - started < _LONGEST_SECONDS


def _wait(stopped: threading.Event) -> None:
    stopped.wait(10 * _LONGEST_SECONDS)


def _send(request: BaseHTTPRequestHandler, status: int, text: str) -> None:
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.end_headers()
    request.wfile.write(text.encode())

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from presto_operator.polling.presto_client import DEFAULT_TIMEOUTS, MAX_ANSWER_BYTES, PrestoClient, Timeouts
from presto_operator.presto.errors import PrestoNotFoundError, PrestoUnavailableError

Answer = Callable[[BaseHTTPRequestHandler], None]
Serve = Callable[[Answer], str]

_IMPATIENT = Timeouts(connect=0.3, read=0.3, total=0.6)
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
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
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


def test_gives_what_the_server_answers(serve: Serve) -> None:
    paths: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        paths.append(request.path)
        _send(request, 200, _GOOD)

    assert _get(f"{serve(answer)}/v1/cluster?a=b") == json.loads(_GOOD)
    assert paths == ["/v1/cluster?a=b"]


@pytest.mark.parametrize(
    ("status", "text"), [(500, _GOOD), (503, ""), (302, _GOOD), (200, "Presto is starting"), (200, "")]
)
def test_a_bad_answer_names_the_address(serve: Serve, status: int, text: str) -> None:
    uri = serve(lambda request: _send(request, status, text))
    with pytest.raises(PrestoUnavailableError, match="/v1/cluster") as raised:
        _get(f"{uri}/v1/cluster")
    assert not isinstance(raised.value, PrestoNotFoundError)


def test_what_is_not_there_is_told_apart(serve: Serve) -> None:
    uri = serve(lambda request: _send(request, 404, _GOOD))
    with pytest.raises(PrestoNotFoundError, match="/v1/cluster"):
        _get(f"{uri}/v1/cluster")


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


def test_answers_may_be_long(serve: Serve) -> None:
    item = {"queryId": "q1", "state": "RUNNING", "query": "x" * 2 * 1024 * 1024}
    assert _get(serve(lambda request: _send(request, 200, json.dumps([item])))) == [item]


def test_an_answer_without_end_is_an_error(serve: Serve) -> None:
    uri = serve(lambda request: _send(request, 200, json.dumps("x" * 2000)))
    with pytest.raises(PrestoUnavailableError, match="exceeds 1000 bytes"):
        _get(uri, max_bytes=1000)


def test_nobody_there_is_an_error_at_once() -> None:
    with pytest.raises(PrestoUnavailableError, match="/v1/cluster"):
        _get("http://127.0.0.1:1/v1/cluster")


def test_many_that_hang_are_waited_for_together(serve: Serve, stopped: threading.Event) -> None:
    uri = serve(lambda _: _wait(stopped))

    async def ask_all() -> list[Any]:
        presto = PrestoClient(_IMPATIENT)
        try:
            return await asyncio.gather(*(presto.get(uri) for _ in range(50)), return_exceptions=True)
        finally:
            await presto.close()

    started = time.monotonic()
    answers = asyncio.run(ask_all())
    assert [type(answer) for answer in answers] == [PrestoUnavailableError] * 50
    assert time.monotonic() - started < _LONGEST_SECONDS


def _assert_gives_up(uri: str) -> None:
    started = time.monotonic()
    with pytest.raises(PrestoUnavailableError):
        _get(uri, timeouts=_IMPATIENT)
    assert time.monotonic() - started < _LONGEST_SECONDS


def _get(uri: str, *, max_bytes: int = MAX_ANSWER_BYTES, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> Any:
    async def get() -> Any:
        presto = PrestoClient(timeouts)
        try:
            return await presto.get(uri, max_bytes)
        finally:
            await presto.close()

    return asyncio.run(get())


def _wait(stopped: threading.Event) -> None:
    stopped.wait(10 * _LONGEST_SECONDS)


def _send(request: BaseHTTPRequestHandler, status: int, text: str) -> None:
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.end_headers()
    request.wfile.write(text.encode())

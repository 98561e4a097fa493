from __future__ import annotations

import asyncio
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from presto_operator.polling.byte_budget import ByteBudget
from presto_operator.polling.presto_client import DEFAULT_TIMEOUTS, PrestoClient, Timeouts
from presto_operator.presto.errors import PrestoAnswerTooLargeError, PrestoNotFoundError, PrestoUnavailableError
from presto_operator.presto.question import Question, decoded

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


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 500 " + b"x" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 500 \x1b[2J\x07\r\n\r\n",
        b"\x1b[2J\xff" + b"x" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n",
    ],
    ids=lambda head: f"{head[:40]!r}({len(head)})",
)
def test_whatever_is_not_http_is_an_error_in_plain_words(serve: Serve, head: bytes) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(head)

    uri = serve(answer)
    with pytest.raises(PrestoUnavailableError) as raised:
        _get(f"{uri}/v1/cluster", timeouts=_IMPATIENT)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 400


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


def test_the_texts_of_queries_may_be_long(serve: Serve) -> None:
    items = [{"queryId": f"q{number}", "query": 'select "a"\n' * 50_000, "state": "RUNNING"} for number in range(20)]
    uri = serve(lambda request: _send(request, 200, json.dumps(items)))
    assert _get(uri, _question(100_000, with_texts=20_000_000)) == [{**item, "query": ""} for item in items]


@pytest.mark.parametrize(
    ("most", "with_texts", "answer"),
    [
        (1000, 0, ["x" * 2000]),
        (100_000, 0, ["x" * 200_000]),
        (100_000, 1_000_000, [{}] * 100_000),
        (100_000, 1_000_000, ["x" * 2_000_000]),
    ],
)
def test_an_answer_beyond_its_limit_is_not_read(serve: Serve, most: int, with_texts: int, answer: object) -> None:
    uri = serve(lambda request: _send(request, 200, json.dumps(answer)))
    with pytest.raises(PrestoAnswerTooLargeError, match=f"/v1/query: the answer is too large: at most {most} bytes"):
        _get(f"{uri}/v1/query", _question(most, with_texts=with_texts))


def test_a_large_answer_that_is_slow_counts_as_too_large(serve: Serve, stopped: threading.Event) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        _send(request, 200, " " * 100_000)
        request.wfile.flush()
        _wait(stopped)

    with pytest.raises(PrestoAnswerTooLargeError, match="only 100000 bytes of a large answer came in time"):
        _get(serve(answer), _question(1_000_000), timeouts=_IMPATIENT)


def test_a_large_answer_that_is_unusable_counts_as_too_large(serve: Serve) -> None:
    uri = serve(lambda request: _send(request, 200, "[" * 100_000))
    with pytest.raises(PrestoAnswerTooLargeError, match="nested too deep; it has 100000 bytes"):
        _get(uri, _question(1_000_000))


def test_large_answers_wait_for_each_other_and_small_ones_for_none(serve: Serve, stopped: threading.Event) -> None:
    def slow(request: BaseHTTPRequestHandler) -> None:
        _send(request, 200, " " * 100_000)
        request.wfile.flush()
        _wait(stopped)

    hanging = serve(slow)
    small = serve(lambda request: _send(request, 200, _GOOD))
    large = serve(lambda request: _send(request, 200, json.dumps(["x" * 100_000])))

    async def ask() -> list[Any]:
        presto = PrestoClient(Timeouts(total=0.5), ByteBudget(1_000_000))
        try:
            first = asyncio.create_task(presto.get(hanging, _question(1_000_000)))
            await asyncio.sleep(0.1)
            small_answer = await presto.get(small, _question())
            assert not first.done()
            others = [presto.get(large, _question(500_000)) for _ in range(4)]
            return [small_answer, *await asyncio.gather(first, *others, return_exceptions=True)]
        finally:
            await presto.close()

    answered, hung, *others = asyncio.run(ask())
    assert answered == json.loads(_GOOD)
    assert isinstance(hung, PrestoAnswerTooLargeError)
    assert not [other for other in others if isinstance(other, PrestoAnswerTooLargeError)]


def test_compressed_answers_are_not_unpacked(serve: Serve) -> None:
    bomb = gzip.compress(b"[" + b" " * 10_000_000)

    def answer(request: BaseHTTPRequestHandler) -> None:
        assert request.headers["Accept-Encoding"] == "identity"
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        request.wfile.write(bomb)

    with pytest.raises(PrestoUnavailableError, match="unusable answer"):
        _get(serve(answer), _question(1_000_000))


def test_nobody_there_is_an_error_at_once() -> None:
    with pytest.raises(PrestoUnavailableError, match="/v1/cluster"):
        _get("http://127.0.0.1:1/v1/cluster")


def test_many_that_hang_are_waited_for_together(serve: Serve, stopped: threading.Event) -> None:
    uri = serve(lambda _: _wait(stopped))

    async def ask_all() -> list[Any]:
        presto = PrestoClient(_IMPATIENT)
        try:
            return await asyncio.gather(*(presto.get(uri, _question()) for _ in range(50)), return_exceptions=True)
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


def _question(most_bytes: int = 64 * 1024, *, with_texts: int = 0) -> Question[Any]:
    def read(answer: bytes) -> Any:
        return decoded(msgspec.json.Decoder(), answer, "it")

    return Question("", read, most_bytes, with_texts)


def _get(uri: str, question: Question[Any] | None = None, *, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> Any:
    async def get() -> Any:
        presto = PrestoClient(timeouts)
        try:
            return await presto.get(uri, question or _question())
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

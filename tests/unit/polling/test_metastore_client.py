from __future__ import annotations

import asyncio
import queue
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.Thrift import TApplicationException, TMessageType, TType
from thrift.transport.TTransport import TBufferedTransport, TFileObjectTransport

from presto_operator.metastore import Finding, MetastoreAddress, Outcome, Probe
from presto_operator.metastore.health import Check
from presto_operator.polling.metastore_client import MetastoreCheck

Talk = Callable[[socketserver.StreamRequestHandler], None]
Serve = Callable[[Talk], int]

_LONGEST_SECONDS = 2.0


@pytest.fixture
def stopped() -> Iterator[threading.Event]:
    """Set when the test is over, so that a handler that hangs ends with it."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def serve(stopped: threading.Event) -> Iterator[Serve]:
    """Start a server that talks so to each connection; gives its port."""
    servers: list[socketserver.ThreadingTCPServer] = []

    def start(talk: Talk) -> int:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, EOFError):
                    talk(self)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return int(server.server_address[1])

    yield start
    stopped.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def test_asks_for_the_default_database(serve: Serve) -> None:
    calls: queue.Queue[object] = queue.Queue()

    def talk(request: socketserver.StreamRequestHandler) -> None:
        protocol = _protocol(request)
        calls.put(_read_call(protocol))
        _answer_with_a_database(protocol)
        # The client leaves, and holds no thread of the metastore.
        calls.put(protocol.trans.read(1))

    assert _check(serve(talk)) == Finding(Outcome.ANSWERING)
    assert calls.get(timeout=_LONGEST_SECONDS) == ("get_database", TMessageType.CALL, {1: "default"})
    assert calls.get(timeout=_LONGEST_SECONDS) == b""


def test_a_metastore_without_a_default_database_answers(serve: Serve) -> None:
    assert _check(serve(_throwing(1, "database default not found"))).outcome is Outcome.ANSWERING


def test_a_metastore_that_fails_is_quoted(serve: Serve) -> None:
    message = (
        "Unable to open a connection to jdbc:postgresql://db/hive?user=hive&password=s3cret&ssl=true\n"
        "\tat org.apache.hadoop.hive.metastore.HiveMetaStore"
    )
    finding = _check(serve(_throwing(2, message)))
    assert finding.outcome is Outcome.FAILING
    assert finding.detail == (
        "fails: Unable to open a connection to jdbc:postgresql://db/hive?user=hive&password=...&ssl=true"
    )


@pytest.mark.parametrize("message", ["", "\n \n"])
def test_a_metastore_that_fails_without_a_word(serve: Serve, message: str) -> None:
    assert _check(serve(_throwing(2, message))) == Finding(Outcome.FAILING, "fails: it does not say why")


def test_a_quote_is_short_and_printable(serve: Serve) -> None:
    finding = _check(serve(_throwing(2, "\x1b[31mno" + "o" * 100_000)))
    assert finding.outcome is Outcome.FAILING
    assert finding.detail.startswith("fails:  [31mno")
    assert len(finding.detail) < 250


def test_an_error_inside_of_the_metastore_is_quoted(serve: Serve) -> None:
    finding = _check(serve(_erring(TApplicationException.INTERNAL_ERROR, "Internal error processing get_database")))
    assert finding == Finding(Outcome.FAILING, "fails: Internal error processing get_database")


def test_another_thrift_server_is_no_metastore(serve: Serve) -> None:
    finding = _check(serve(_erring(TApplicationException.UNKNOWN_METHOD, "Invalid method name: 'get_database'")))
    assert finding.outcome is Outcome.NOT_A_METASTORE
    assert "Thrift server" in finding.detail


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "answers in HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "answers in SSH"),
        (b"\x15\x03\x03\x00\x02\x02\x16", "answers in TLS"),
        (b"\x04\x00\x00\x00\x13Invalid status -128", "answers in SASL"),
        (b"ok", "answers, but not as a metastore"),
        (b"-ERR unknown command\r\n", "answers, but not as a metastore"),
        (b"\x7f\xff\xff\xff", "answers, but not as a metastore"),
        # Framed, which neither Presto nor we speak.
        (b"\x00\x00\x00\x1a\x80\x01\x00\x02\x00\x00\x00\x0cget_database\x00\x00\x00\x00\x00", "not as a metastore"),
        # Thrift, but nonsense: another version, a string of 2 GiB, of less than nothing, that is no text.
        (b"\x80\x02\x00\x02\x00\x00\x00\x0c", "not as a metastore"),
        (b"\x80\x01\x00\x02\x7f\xff\xff\xff", "not as a metastore"),
        (b"\x80\x01\x00\x02\xff\xff\xff\xff", "not as a metastore"),
        (b"\x80\x01\x00\x02\x00\x00\x00\x02\xff\xfe\x00\x00\x00\x00", "not as a metastore"),
        # A reply to another call, one without a result, and one whose result is no struct.
        (b"\x80\x01\x00\x02\x00\x00\x00\x02hi\x00\x00\x00\x00\x0c\x00\x00", "not as a metastore"),
        (b"\x80\x01\x00\x02\x00\x00\x00\x0cget_database\x00\x00\x00\x00\x00", "not as a metastore"),
        (b"\x80\x01\x00\x02\x00\x00\x00\x0cget_database\x00\x00\x00\x00\x0b\x00\x00", "not as a metastore"),
        (b"\x80\x01\x00\x02\x00\x00\x00\x0cget_database\x00\x00\x00\x00\x0c\x00\x09", "not as a metastore"),
    ],
    ids=repr,
)
def test_nonsense_is_told_apart_and_not_quoted(serve: Serve, answer: bytes, words: str) -> None:
    def talk(request: socketserver.StreamRequestHandler) -> None:
        request.wfile.write(answer)
        # Else the system would cut the connection, and with it the answer, for what was not read.
        request.connection.shutdown(socket.SHUT_WR)
        request.rfile.read()

    finding = _check(serve(talk))
    assert finding.outcome is Outcome.NOT_A_METASTORE
    assert words in finding.detail
    assert "healthCheck to Connect" in finding.detail
    assert "unknown command" not in finding.detail


def test_a_server_that_closes_at_once_does_not_answer(serve: Serve) -> None:
    finding = _check(serve(lambda _: None))
    assert finding == Finding(Outcome.NOT_ANSWERING, "takes connections, but closes them without an answer")


def test_a_metastore_that_is_silent_holds_nobody_up(serve: Serve, stopped: threading.Event) -> None:
    finding = _check(serve(lambda _: _wait(stopped)))
    assert finding.outcome is Outcome.NOT_ANSWERING
    assert "gave no answer within 0.6 s" in finding.detail


@pytest.mark.parametrize(
    ("answer", "outcome"), [(b"\x80\x01\x00\x02", Outcome.NOT_ANSWERING), (b"HTTP", Outcome.NOT_A_METASTORE)]
)
def test_a_metastore_that_answers_drop_by_drop_holds_nobody_up(
    serve: Serve, stopped: threading.Event, answer: bytes, outcome: Outcome
) -> None:
    def talk(request: socketserver.StreamRequestHandler) -> None:
        # A name of 40 letters: each comes well within the deadline, and all of them well after it.
        for byte in answer + b"\x00\x00\x00\x28" + b"x" * 40:
            request.wfile.write(bytes([byte]))
            if stopped.wait(0.1):
                return

    assert _check(serve(talk)).outcome is outcome


def test_nobody_there_is_told_at_once() -> None:
    finding = _check(_free_port())
    assert finding == Finding(Outcome.UNREACHABLE, "can't be reached: Connection refused")


def test_a_host_that_takes_no_connection_holds_nobody_up() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        # The queue of connections is full, and nobody takes one out.
        waiting = [socket.socket() for _ in range(4)]
        for connection in waiting:
            connection.settimeout(0)
            connection.connect_ex(("127.0.0.1", port))
        finding = _check(port)
        for connection in waiting:
            connection.close()
    assert finding == Finding(Outcome.UNREACHABLE, "can't be reached: no connection in time")


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b"])
def test_an_unknown_name_is_told_apart(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    if host == "nowhere.invalid":
        # Without a resolver of the machine, whose answer may take its time.
        monkeypatch.setattr(socket, "getaddrinfo", _no_such_name)
    finding = _check(9083, host=host)
    assert finding.outcome is Outcome.UNKNOWN_HOST
    assert finding.detail.startswith("can't be found: ")


def test_outside_of_kubernetes_an_unknown_name_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _no_such_name)
    assert _check(9083, host="hive.data.svc", in_cluster=False).outcome is Outcome.NOT_CHECKED


def test_a_hundred_metastores_that_are_silent_hold_up_none_that_answers(serve: Serve, stopped: threading.Event) -> None:
    silent, answering = serve(lambda _: _wait(stopped)), serve(_answering)

    async def scenario() -> tuple[list[Finding | BaseException], Finding]:
        check = MetastoreCheck(in_cluster=True, connect_timeout=60, timeout=60, forbidden=_nothing)
        hanging = [check(Probe(MetastoreAddress("127.0.0.1", silent), "Thrift")) for _ in range(100)]
        tasks = [asyncio.create_task(one) for one in hanging]
        await asyncio.sleep(0)
        answered = await check(Probe(MetastoreAddress("127.0.0.1", answering), "Thrift"))
        assert not any(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True), answered

    others, answered = asyncio.run(scenario())
    assert answered.outcome is Outcome.ANSWERING
    assert all(isinstance(one, asyncio.CancelledError) for one in others)


def test_the_next_address_of_a_name_is_tried(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = [_free_port(), serve(_answering)]
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports],
    )
    assert _check(9083, host="hive.data").outcome is Outcome.ANSWERING


def test_a_connection_is_enough_where_no_more_is_wanted(serve: Serve) -> None:
    received: queue.Queue[bytes] = queue.Queue()

    def talk(request: socketserver.StreamRequestHandler) -> None:
        received.put(request.rfile.read())

    assert _check(serve(talk), check="Connect") == Finding(Outcome.ANSWERING)
    assert received.get(timeout=_LONGEST_SECONDS) == b""
    assert _check(_free_port(), check="Connect").outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize("resolved", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:169.254.169.254"])
def test_a_name_of_the_machine_itself_is_not_connected_to(resolved: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in resolved else socket.AF_INET
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        # Among others: Presto's name server may give them in any order.
        lambda *_, **__: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 9083)),
            (family, socket.SOCK_STREAM, 6, "", (resolved, 9083)),
        ],
    )
    connections: list[object] = []

    async def open_connection(*arguments: object, **_: object) -> None:
        connections.append(arguments)
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio, "open_connection", open_connection)
    finding = asyncio.run(MetastoreCheck(in_cluster=True)(Probe(MetastoreAddress("hive.data"), "Thrift")))
    assert finding.outcome is Outcome.NOT_CHECKED
    assert "its name stands for" in finding.detail
    assert connections == []


def test_of_a_strangers_host_nobody_learns_why_it_can_not_be_used(serve: Serve) -> None:
    def http(request: socketserver.StreamRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def silent(request: socketserver.StreamRequestHandler) -> None:
        request.rfile.read()

    talks: list[Talk] = [http, silent, _throwing(2, "the database is down")]
    ports = [_free_port(), *(serve(talk) for talk in talks)]
    told = {_check(port, is_explained=True) for port in ports}
    assert len({finding.outcome for finding in told}) > 2, "there is something to hide"

    findings = {_check(port, is_explained=False) for port in ports}
    findings.add(_check(9083, host="no-such-host.invalid", is_explained=False))
    (finding,) = findings
    assert finding.outcome is Outcome.UNAVAILABLE
    assert finding.is_failure
    assert _check(serve(_answering), is_explained=False).outcome is Outcome.ANSWERING


def test_whether_a_strangers_port_is_open_is_not_told(serve: Serve) -> None:
    ports = [_free_port(), serve(_answering)]
    (finding,) = {_check(port, check="Connect", is_explained=False) for port in ports}
    assert finding.outcome is Outcome.NOT_CHECKED


def _check(
    port: int, *, host: str = "127.0.0.1", check: Check = "Thrift", in_cluster: bool = True, is_explained: bool = True
) -> Finding:
    started = time.monotonic()
    probe = Probe(MetastoreAddress(host, port), check, is_explained)
    finding = asyncio.run(_asked(probe, in_cluster=in_cluster))
    assert time.monotonic() - started < _LONGEST_SECONDS
    return finding


async def _asked(probe: Probe, *, in_cluster: bool) -> Finding:
    return await MetastoreCheck(in_cluster=in_cluster, connect_timeout=0.3, timeout=0.6, forbidden=_nothing)(probe)


def _nothing(_: str) -> str:
    """Metastores of these tests are on the loopback address."""
    return ""


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _no_such_name(*_: object, **__: object) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _wait(stopped: threading.Event) -> None:
    stopped.wait(10 * _LONGEST_SECONDS)


def _protocol(request: socketserver.StreamRequestHandler) -> TBinaryProtocol:
    return TBinaryProtocol(TBufferedTransport(_Files(request)))


class _Files(TFileObjectTransport):  # type: ignore[misc] # the library is not typed
    """A connection as a transport."""

    def __init__(self, request: socketserver.StreamRequestHandler) -> None:
        super().__init__(request.connection.makefile("rwb", buffering=0))


def _read_call(protocol: TBinaryProtocol) -> tuple[Any, ...]:
    name, message_type, _ = protocol.readMessageBegin()
    arguments: dict[int, str] = {}
    while True:
        _, field_type, field = protocol.readFieldBegin()
        if field_type == TType.STOP:
            return name, message_type, arguments
        assert field_type == TType.STRING
        arguments[field] = protocol.readString()


def _answer_with_a_database(protocol: TBinaryProtocol) -> None:
    protocol.writeMessageBegin("get_database", TMessageType.REPLY, 0)
    protocol.writeFieldBegin("success", TType.STRUCT, 0)
    _write_strings(protocol, {1: "default", 2: "Default Hive database", 3: "s3a://warehouse/"})
    protocol.writeFieldStop()
    protocol.trans.flush()


def _answering(request: socketserver.StreamRequestHandler) -> None:
    protocol = _protocol(request)
    _read_call(protocol)
    _answer_with_a_database(protocol)


def _throwing(field: int, message: str) -> Talk:
    """A metastore whose result is the exception in this field."""

    def talk(request: socketserver.StreamRequestHandler) -> None:
        protocol = _protocol(request)
        _read_call(protocol)
        protocol.writeMessageBegin("get_database", TMessageType.REPLY, 0)
        protocol.writeFieldBegin("o", TType.STRUCT, field)
        _write_strings(protocol, {1: message} if message else {})
        protocol.writeFieldStop()
        protocol.trans.flush()

    return talk


def _erring(kind: int, message: str) -> Talk:
    """A Thrift server that answers any call with this error."""

    def talk(request: socketserver.StreamRequestHandler) -> None:
        protocol = _protocol(request)
        name, *_ = _read_call(protocol)
        protocol.writeMessageBegin(name, TMessageType.EXCEPTION, 0)
        TApplicationException(kind, message).write(protocol)
        protocol.trans.flush()

    return talk


def _write_strings(protocol: TBinaryProtocol, fields: dict[int, str]) -> None:
    for field, text in fields.items():
        protocol.writeFieldBegin("", TType.STRING, field)
        protocol.writeString(text)
    protocol.writeFieldStop()

"""Asking a metastore whether it answers: the only I/O of this package."""

from __future__ import annotations

import re
import socket
import struct
import time

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TProtocol import TProtocolException
from thrift.Thrift import TApplicationException, TMessageType, TType
from thrift.transport.TTransport import TBufferedTransport, TMemoryBuffer, TTransportBase, TTransportException

from presto_operator.metastore.address import MetastoreAddress
from presto_operator.metastore.health import Finding, Outcome, Probe

_CONNECT_TIMEOUT_SECONDS = 2.0
_TOTAL_TIMEOUT_SECONDS = 5.0
_MAX_STRING_BYTES = 1024 * 1024
_MAX_QUOTE = 200

_METHOD = "get_database"
_DATABASE = "default"
# The fields of get_database's result, from Hive's hive_metastore.thrift; so they are since its first releases.
_SUCCESS, _NO_SUCH_OBJECT, _META_EXCEPTION = 0, 1, 2

_OTHER_PROTOCOLS = {
    b"\x03\x00\x00": "SASL (Kerberos)",
    b"\x04\x00\x00": "SASL (Kerberos)",
    b"\x15\x03": "TLS",
    b"HTTP": "HTTP",
    b"SSH-": "SSH",
}
"""How answers in protocols begin that are met on a wrong port. What else is said isn't quoted: anybody who may make a
cluster would otherwise get to read what any server in the operator's reach says."""

_SECRET = re.compile(r"(?i)(password|passwd|pwd|secret|token)=[^\s&;,]+")


class _Deadline:
    """The moment by which all must be over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def seconds_left(self) -> float:
        """Time that is left.

        Raises:
            TimeoutError: there is none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Answer(TTransportBase):
    """What the metastore sends, read until the deadline: a timeout of each read would let it drip on forever."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self.beginning = b""
        """Its first bytes."""

    def read(self, size: int) -> bytes:
        """Some of the next `size` bytes; none at the end."""
        self._connection.settimeout(self._deadline.seconds_left())
        received = self._connection.recv(size)
        self.beginning = (self.beginning + received)[:8]
        return received


def check_metastore(probe: Probe) -> Finding:
    """Ask the metastore. Blocks for about five seconds at most, and for as long as the resolver takes for its name."""
    try:
        found = _resolved(probe.address)
    except (OSError, UnicodeError) as error:
        return Finding(Outcome.UNKNOWN_HOST, f"can't be found: {_reason(error)}")
    deadline = _Deadline(_TOTAL_TIMEOUT_SECONDS)
    try:
        connection = _connected(found, deadline)
    except OSError as error:
        return Finding(Outcome.UNREACHABLE, f"can't be reached: {_reason(error)}")
    with connection:
        if probe.check == "Connect":
            return Finding(Outcome.ANSWERING)
        return _call(connection, deadline)


_Resolved = tuple[socket.AddressFamily, tuple[str | int | bytes, ...]]


def _resolved(address: MetastoreAddress) -> list[_Resolved]:
    return [
        (family, socket_address)
        for family, _, _, _, socket_address in socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    ]


def _connected(addresses: list[_Resolved], deadline: _Deadline) -> socket.socket:
    """A connection to the first of the addresses that takes one.

    Raises:
        OSError: none does; the last one's error.
    """
    failure: OSError = OSError("it has no address")
    for family, address in addresses:
        try:
            connection = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            failure = error
            continue
        try:
            connection.settimeout(min(_CONNECT_TIMEOUT_SECONDS, deadline.seconds_left()))
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _call(connection: socket.socket, deadline: _Deadline) -> Finding:
    answer = _Answer(connection, deadline)
    try:
        connection.settimeout(deadline.seconds_left())
        connection.sendall(_request())
        # The buffer takes in the whole of a usual answer: a connection that is closed with something unread in it
        # would look to the metastore like one that broke.
        buffer = TBufferedTransport(answer)
        return _finding(TBinaryProtocol(buffer, strictRead=True, string_length_limit=_MAX_STRING_BYTES))
    except (TimeoutError, EOFError, OSError) as error:
        if answer.beginning and not answer.beginning.startswith(b"\x80"):
            return _nonsense(answer.beginning)
        return Finding(Outcome.NOT_ANSWERING, _silence(error))
    except (TProtocolException, TTransportException, UnicodeDecodeError, struct.error):
        return _nonsense(answer.beginning)


def _request() -> bytes:
    """get_database("default"): the lightest call that has to ask the metastore's database."""
    buffer = TMemoryBuffer()
    protocol = TBinaryProtocol(buffer)
    protocol.writeMessageBegin(_METHOD, TMessageType.CALL, 0)
    protocol.writeFieldBegin("name", TType.STRING, 1)
    protocol.writeString(_DATABASE)
    protocol.writeFieldStop()
    request: bytes = buffer.getvalue()
    return request


def _finding(protocol: TBinaryProtocol) -> Finding:
    """What the answer says.

    Only its beginning is read, by hand: what is inside of a database doesn't matter, and to skip whatever a stranger
    nests into an answer would take as long as he likes.
    """
    method, message_type, _ = protocol.readMessageBegin()
    if message_type == TMessageType.EXCEPTION:
        return _application_error(protocol)
    if (method, message_type) != (_METHOD, TMessageType.REPLY):
        return _nonsense(b"")
    _, field_type, field = protocol.readFieldBegin()
    if field_type != TType.STRUCT:
        return _nonsense(b"")
    if field in (_SUCCESS, _NO_SUCH_OBJECT):
        # A metastore without a database "default" is an odd one, but it answers.
        return Finding(Outcome.ANSWERING)
    if field == _META_EXCEPTION:
        return Finding(Outcome.FAILING, f"fails: {_quoted(_message(protocol)) or 'it does not say why'}")
    return _nonsense(b"")


def _application_error(protocol: TBinaryProtocol) -> Finding:
    message = _message(protocol)
    _, field_type, field = protocol.readFieldBegin()
    kind = protocol.readI32() if (field_type, field) == (TType.I32, 2) else TApplicationException.UNKNOWN
    if kind == TApplicationException.UNKNOWN_METHOD:
        return Finding(Outcome.NOT_A_METASTORE, f"is a Thrift server, but no metastore: it knows no {_METHOD}")
    return Finding(Outcome.FAILING, f"fails: {_quoted(message) or 'it does not say why'}")


def _message(protocol: TBinaryProtocol) -> str:
    """The message of an exception, which is its first field in all of them; empty if it has none."""
    _, field_type, field = protocol.readFieldBegin()
    if (field_type, field) != (TType.STRING, 1):
        return ""
    message: str = protocol.readBinary().decode(errors="replace")
    return message


def _quoted(message: str) -> str:
    """The message's first line, without control characters, in bounds, and without a password of a JDBC URL."""
    line = next((line for line in message.splitlines() if line.strip()), "").strip()
    printable = "".join(character if character.isprintable() else " " for character in line)
    quoted = _SECRET.sub(r"\1=...", printable)
    return quoted if len(quoted) <= _MAX_QUOTE else f"{quoted[:_MAX_QUOTE]}..."


def _nonsense(beginning: bytes) -> Finding:
    spoken = next((name for start, name in _OTHER_PROTOCOLS.items() if beginning.startswith(start)), None)
    answered = f"answers in {spoken}" if spoken else "answers"
    hint = "; if it is a metastore with Kerberos or TLS, set metastore.healthCheck to Connect"
    return Finding(Outcome.NOT_A_METASTORE, f"{answered}, but not as a metastore does{hint}")


def _silence(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return (
            f"takes connections, but gave no answer within {_TOTAL_TIMEOUT_SECONDS:g} s: "
            "it may be overloaded, or wait for its database"
        )
    return "takes connections, but closes them without an answer"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no connection in time"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

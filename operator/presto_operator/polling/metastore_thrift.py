"""What the metastore is asked, and what its answer means: Thrift in its binary protocol."""

from __future__ import annotations

import struct

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TProtocol import TProtocolException
from thrift.Thrift import TApplicationException, TMessageType, TType
from thrift.transport.TTransport import TMemoryBuffer, TTransportBase, TTransportException

from presto_operator.metastore import Finding, Outcome
from presto_operator.objects import masked

_MAX_STRING_BYTES = 256 * 1024
"""Of a message, its first line is quoted; some have a stack trace below it."""
_MAX_QUOTE = 200

_METHOD = "get_database"
_DATABASE = "default"
# The fields of get_database's result, from Hive's hive_metastore.thrift: the same since its first release.
_SUCCESS, _NO_SUCH_OBJECT, _META_EXCEPTION = 0, 1, 2

_OTHER_PROTOCOLS = {
    b"\x03\x00\x00": "SASL (Kerberos)",
    b"\x04\x00\x00": "SASL (Kerberos)",
    b"\x15\x03": "TLS",
    b"HTTP": "HTTP",
    b"SSH-": "SSH",
}
"""How answers begin in protocols that are often found on a wrong port. No such answer is quoted: whoever may create a
PrestoCluster could otherwise read what any server within the operator's reach says."""


def thrift_request() -> bytes:
    """get_database("default"): the lightest call that has to ask the metastore's database."""
    buffer = TMemoryBuffer()
    protocol = TBinaryProtocol(buffer)
    protocol.writeMessageBegin(_METHOD, TMessageType.CALL, 0)
    protocol.writeFieldBegin("name", TType.STRING, 1)
    protocol.writeString(_DATABASE)
    protocol.writeFieldStop()
    request: bytes = buffer.getvalue()
    return request


def thrift_finding(received: bytes | bytearray) -> Finding:
    """What an answer means of which this has been received.

    Raises:
        IncompleteError: that takes more of it.
    """
    try:
        return _finding(TBinaryProtocol(_Buffer(received), strictRead=True, string_length_limit=_MAX_STRING_BYTES))
    except (TProtocolException, TTransportException, UnicodeDecodeError, struct.error):
        return not_a_metastore(received)


def is_thrift(received: bytes | bytearray) -> bool:
    """Whether an answer that begins like this may become one of Thrift's."""
    return not received or received.startswith(b"\x80")


def not_a_metastore(beginning: bytes | bytearray) -> Finding:
    spoken = next((name for start, name in _OTHER_PROTOCOLS.items() if beginning.startswith(start)), None)
    answered = f"answers in {spoken}" if spoken else "answers"
    hint = "; if it is a metastore with Kerberos or TLS, set metastore.healthCheck to Connect"
    return Finding(Outcome.NOT_A_METASTORE, f"{answered}, but not as a metastore does{hint}")


class IncompleteError(Exception):
    """The answer goes on beyond what has been received."""

    def __init__(self, wanted_bytes: int) -> None:
        super().__init__(f"{wanted_bytes} bytes are wanted")
        self.wanted_bytes = wanted_bytes
        """How many there must be, from the beginning, for what is read next."""


class _Buffer(TTransportBase):
    """What has been received, as a transport that Thrift reads from."""

    def __init__(self, received: bytes | bytearray) -> None:
        self._received = received
        self._position = 0

    def readAll(self, sz: int) -> bytes:  # noqa: N802 - Thrift's name
        """The next `sz` bytes.

        Raises:
            IncompleteError: not all of them have been received.
        """
        end = self._position + sz
        if end > len(self._received):
            raise IncompleteError(end)
        start, self._position = self._position, end
        return bytes(self._received[start:end])


def _finding(protocol: TBinaryProtocol) -> Finding:
    """What the answer says.

    Only its beginning is read, by hand: the contents of the database don't matter, and skipping them has no bound,
    since a hostile server may nest as much as it likes.
    """
    method, message_type, _ = protocol.readMessageBegin()
    if message_type == TMessageType.EXCEPTION:
        return _application_error(protocol)
    if (method, message_type) != (_METHOD, TMessageType.REPLY):
        return not_a_metastore(b"")
    _, field_type, field = protocol.readFieldBegin()
    if field_type != TType.STRUCT:
        return not_a_metastore(b"")
    if field in (_SUCCESS, _NO_SUCH_OBJECT):
        # A metastore without a database "default" is an odd one, but it answers.
        return Finding(Outcome.ANSWERING)
    if field == _META_EXCEPTION:
        return Finding(Outcome.FAILING, f"fails: {_quoted(_message(protocol)) or 'it does not say why'}")
    return not_a_metastore(b"")


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
    quoted = masked(printable)
    return quoted if len(quoted) <= _MAX_QUOTE else f"{quoted[:_MAX_QUOTE]}..."

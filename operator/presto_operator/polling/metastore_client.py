"""Checking a metastore over the network."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from presto_operator.metastore import Finding, MetastoreAddress, Outcome, Probe, forbidden_kind
from presto_operator.polling.metastore_thrift import (
    IncompleteError,
    is_thrift,
    not_a_metastore,
    thrift_finding,
    thrift_request,
)

_MAX_LOOKUPS = 128
"""How many host names are looked up at the same time, in a thread each: those of sixteen namespaces, if all hang."""

_UNTOLD_CONNECTION = Finding(
    Outcome.NOT_CHECKED,
    "is not checked: healthCheck Connect is for Services of the cluster's own namespace, named with .svc, and for "
    "hosts that the operator's administrator lists",
)
"""It would say of any port whether it is open."""

_Resolved = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family, and the address as its sockets take it."""


class MetastoreCheck:
    """Checks metastores, any number of them at the same time.

    Host names are looked up by the system's resolver, as Presto does, which blocks a thread. Those threads are its own,
    so that a name server that hangs holds up no other lookup of the operator.
    """

    def __init__(
        self,
        *,
        in_cluster: bool,
        connect_timeout: float = 2.0,
        timeout: float = 5.0,
        forbidden: Callable[[str], str] = forbidden_kind,
    ) -> None:
        """Timeouts are in seconds.

        Args:
            in_cluster: whether the operator runs inside of Kubernetes. Outside, a name that is unknown says nothing.
            connect_timeout: for one address of a metastore's name to accept a connection.
            timeout: for all addresses and the answer, once its name is looked up.
            forbidden: what makes an IP address one to which there must be no connection; empty if nothing does.
        """
        self._forbidden = forbidden
        self._in_cluster = in_cluster
        self._connect_timeout = connect_timeout
        self._timeout = timeout
        self._lookups = ThreadPoolExecutor(_MAX_LOOKUPS, thread_name_prefix="metastore-dns")

    async def __call__(self, probe: Probe) -> Finding:
        """Check the metastore. Takes no longer than the timeout, and as long as the resolver takes for its name."""
        if probe.check == "Connect" and not probe.is_explained:
            return _UNTOLD_CONNECTION
        finding = await self._check(probe)
        if not self._in_cluster:
            finding = finding.seen_from_outside()
        return finding if probe.is_explained else finding.unexplained()

    async def _check(self, probe: Probe) -> Finding:
        try:
            addresses = await self._looked_up(probe.address)
        except (OSError, UnicodeError) as error:
            return Finding(Outcome.UNKNOWN_HOST, f"can't be found: {_reason(error)}")
        for _, (host, *_) in addresses:
            if kind := self._forbidden(host):
                return Finding(Outcome.NOT_CHECKED, f"is not checked: its name stands for {kind}")
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout_at(deadline):
                reader, writer = await self._connected(addresses)
        except OSError as error:
            return Finding(Outcome.UNREACHABLE, f"can't be reached: {_reason(error)}")
        try:
            if probe.check == "Connect":
                return Finding(Outcome.ANSWERING)
            return await self._call(reader, writer, deadline)
        finally:
            writer.close()

    async def _looked_up(self, address: MetastoreAddress) -> list[_Resolved]:
        def look_up() -> list[_Resolved]:
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
            return [(family, socket_address) for family, _, _, _, socket_address in found]

        return await asyncio.get_running_loop().run_in_executor(self._lookups, look_up)

    async def _connected(self, addresses: list[_Resolved]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first of the addresses that accepts one.

        Raises:
            OSError: none does; it is the error of the last one.
        """
        failure = OSError("it has no address")
        for family, (host, port, *_) in addresses:
            try:
                async with asyncio.timeout(self._connect_timeout):
                    return await asyncio.open_connection(host, port, family=family)
            except OSError as error:
                failure = error
        raise failure

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deadline: float) -> Finding:
        received = bytearray()
        try:
            async with asyncio.timeout_at(deadline):
                writer.write(thrift_request())
                await writer.drain()
                return await _answer(reader, received)
        except TimeoutError:
            silence = f"gave no answer within {self._timeout:g} s: it may be overloaded, or wait for its database"
        except (EOFError, OSError):
            silence = "closes them without an answer"
        if not is_thrift(received):
            return not_a_metastore(received)
        return Finding(Outcome.NOT_ANSWERING, f"takes connections, but {silence}")


async def _answer(reader: asyncio.StreamReader, received: bytearray) -> Finding:
    """What the answer means; as much of it as that takes is read into `received`.

    Raises:
        EOFError: it ends too early.
        OSError: the connection is lost.
    """
    while True:
        try:
            return thrift_finding(received)
        except IncompleteError as incomplete:
            while len(received) < incomplete.wanted_bytes:
                chunk = await reader.read(incomplete.wanted_bytes - len(received))
                if not chunk:
                    raise EOFError from None
                received += chunk


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no connection in time"
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        # asyncio's own text only repeats the address.
        return os.strerror(error.errno)
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

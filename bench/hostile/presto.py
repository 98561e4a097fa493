"""Coordinators that answer as Presto does, or as nobody should: a process of its own, told apart by the Host header."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

from bench.hostile.scenarios import PREFIX

_GOOD = {
    "/v1/cluster": {"runningQueries": 1, "blockedQueries": 0, "queuedQueries": 0, "activeWorkers": 5},
    "/v1/queryState": [{"queryState": "RUNNING", "progress": {"blocked": False}}],
    "/v1/query": [{"queryId": "q1", "state": "RUNNING"}],
    "/v1/task": [],
}
_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


class Presto:
    """All coordinators."""

    def __init__(self, mode: str, megabytes: int) -> None:
        self._mode = mode
        self._bytes = megabytes * 1000 * 1000
        self._is_on = False
        """Whether those who mean harm do."""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = request.split()[1].partition("?")[0]
            host = next(line for line in request.splitlines() if line.lower().startswith("host:")).split()[1]
            if path == "/bench/on":
                self._is_on = True
            if self._is_on and host.startswith(PREFIX):
                await self._harm(path, writer)
            else:
                self._send(writer, json.dumps(_GOOD.get(path, {})).encode())
            await writer.drain()
        writer.close()

    def _send(self, writer: asyncio.StreamWriter, body: bytes) -> None:
        writer.write(f"{_HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def _harm(self, path: str, writer: asyncio.StreamWriter) -> None:
        if self._mode == "good":
            self._send(writer, json.dumps(_GOOD.get(path, {})).encode())
            return
        if self._mode == "hang":
            await asyncio.sleep(60)
            return
        writer.write(f"{_HEAD}\r\n".encode())
        async for part in self._parts(path):
            writer.write(part)
            await writer.drain()

    def _parts(self, path: str) -> AsyncIterator[bytes]:
        harm = {
            "drip": self._drip,
            "endless": self._endless,
            "deep": self._deep,
            "texts": self._texts,
            "dicts": self._dicts,
        }
        return harm[self._mode](path)

    async def _drip(self, _: str) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(1)

    async def _endless(self, _: str) -> AsyncIterator[bytes]:
        yield b"["
        while True:
            yield b'{"queryState":"QUEUED","queryId":"q","state":"RUNNING"},' * 1000

    async def _deep(self, _: str) -> AsyncIterator[bytes]:
        for _part in range(self._bytes // 100_000):
            yield b"[" * 100_000

    async def _texts(self, path: str) -> AsyncIterator[bytes]:
        if path != "/v1/query":
            yield json.dumps(_GOOD.get(path, {})).encode()
            return
        text = b'select \\"a\\" from b\\n' * (self._bytes // 100 // 20)
        yield b"["
        for number in range(100):
            yield b'%s{"queryId":"q%d","query":"%s","state":"RUNNING"}' % (b"," if number else b"", number, text)
        yield b"]"

    async def _dicts(self, path: str) -> AsyncIterator[bytes]:
        """Small objects: of those that are read, and of others."""
        if path == "/v1/cluster":
            yield b'{"activeWorkers":1,"x":[' + b"{}," * (self._bytes // 3) + b"{}]}"
            return
        items = [
            b'{"queryState":"QUEUED","queryId":"%d","state":"RUNNING","resourceGroupId":["%05d"]}' % (n, n)
            for n in range(1000)
        ]
        one = b",".join(items)
        yield b"[" + one
        for _ in range(self._bytes // len(one)):
            yield b"," + one
        yield b"]"


async def _serve(mode: str, megabytes: int) -> None:
    server = await asyncio.start_server(Presto(mode, megabytes).handle, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mode")
    parser.add_argument("megabytes", type=int)
    arguments = parser.parse_args()
    sys.exit(asyncio.run(_serve(arguments.mode, arguments.megabytes)))

"""A copy of objects stays right whatever the API server answers, over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from presto_operator.kube import NODE, ApiError, NodeStore, Reflector, Selection
from presto_operator.kube.reflector import Copy, Listing
from presto_operator.objects import KubernetesObject
from tests.unit import virtual_time
from tests.unit.fake_api_server import Answer, FakeApiServer, answering, refusing
from tests.unit.fake_kubernetes import FakeKubernetes

_LONG = 3600.0


class _Listing:
    def __init__(self, listing: Listing, copy: _Nodes) -> None:
        self._listing = listing
        self._copy = copy

    def reset(self) -> None:
        self._listing.reset()

    def add(self, items: Iterable[KubernetesObject]) -> None:
        self._listing.add(items)

    def finish(self, resource_version: int) -> None:
        self._listing.finish(resource_version)
        self._copy.on_list()


class _Nodes:
    """A copy of nodes, in the real store."""

    def __init__(self) -> None:
        self.store = NodeStore(lambda node: str(node["spec"].get("taints")))
        self.changed = asyncio.Event()
        self.on_list: Callable[[], object] = self.changed.set

    def newest(self) -> int:
        return self.store.newest()

    def relist(self) -> Listing:
        return _Listing(self.store.relist(), self)

    def see(self, event_type: str | None, obj: KubernetesObject) -> None:
        if event_type == "DELETED":
            self.store.remove(obj)
        else:
            self.store.put(obj)
        self.changed.set()

    def taint_of(self, name: str) -> str | None:
        """The key of a node's taint; None if it isn't known."""
        node = self.store.get(name)
        return None if node is None else str(node["spec"]["taints"][0]["key"])


def node(name: str, taint: str = "none") -> KubernetesObject:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"taints": [{"key": taint}]}}


class _Following:
    """A reflector of nodes that runs against a fake API server."""

    def __init__(self, server: FakeApiServer, reflector: Reflector, copy: _Nodes) -> None:
        self.server = server
        self.reflector = reflector
        self.copy = copy

    async def until(self, condition: Callable[[], bool], *, within_seconds: float = 20) -> None:
        async with asyncio.timeout(within_seconds):
            while not condition():
                self.copy.changed.clear()
                await self.copy.changed.wait()

    async def until_watching(self, times: int = 1) -> None:
        await self.server.until(lambda: self.server.count("watch", "nodes") >= times)


@contextlib.asynccontextmanager
async def following(server: FakeApiServer, *, is_watched: bool = True) -> AsyncGenerator[_Following, None]:
    """A reflector that runs; it has not stopped by itself at the end."""
    async with server.client() as client:
        copy = _Nodes()
        as_copy: Copy = copy
        reflector = Reflector(client, Selection(NODE), as_copy, relist_seconds=_LONG, is_watched=is_watched)
        running = asyncio.create_task(reflector.run())
        try:
            yield _Following(server, reflector, copy)
        finally:
            assert not running.done()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _run(scenario: Callable[[FakeApiServer], Awaitable[None]]) -> None:
    async def with_server() -> None:
        await scenario(FakeApiServer())

    asyncio.run(with_server())


def test_a_list_is_followed_by_the_events_since_then() -> None:
    async def scenario(server: FakeApiServer) -> None:
        server.write("nodes", node("one"))
        async with following(server) as seen:
            await seen.until(lambda: seen.copy.taint_of("one") == "none")
            await seen.until_watching()
            server.write("nodes", node("one", "reclaimed"))
            await seen.until(lambda: seen.copy.taint_of("one") == "reclaimed")
            server.remove("nodes", "", "one")
            await seen.until(lambda: seen.copy.taint_of("one") is None)
            assert server.count("list", "nodes") == 1
            assert seen.reflector.age() < 20

    _run(scenario)


def error_event(code: object) -> str:
    return json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": code, "message": "etcdserver: no"}}) + "\n"


BROKEN_WATCHES: dict[str, Answer] = {
    "error event 500": answering(error_event(500)),
    "error event 410": answering(error_event(410)),
    "error event 403": answering(error_event(403)),
    "error event 429": answering(error_event(429)),
    "error event without a code": answering(json.dumps({"type": "ERROR", "object": {}}) + "\n"),
    "error event that is text": answering(json.dumps({"type": "ERROR", "object": "no"}) + "\n"),
    "HTTP 500": refusing(500),
    "HTTP 410": refusing(410),
    "HTTP 403": refusing(403),
    "HTTP 429": refusing(429),
    "HTML": answering("<html>sign in</html>\n", "text/html"),
    "not an event": answering("[1, 2]\n"),
    "an event of null": answering('{"type": "ADDED", "object": null}\n'),
    "an event without metadata": answering('{"type": "ADDED", "object": {}}\n'),
    "an event whose version is no number": answering(
        '{"type": "ADDED", "object": {"metadata": {"name": "a", "uid": "a", "resourceVersion": "x"}}}\n'
    ),
    "an event that never was": answering('{"type": "PURGED", "object": {"metadata": {}}}\n'),
    "a bookmark of nothing": answering('{"type": "BOOKMARK", "object": {"metadata": {}}}\n'),
    "half an event": answering('{"type": "ADD'),
    "nothing": answering(""),
}


@pytest.mark.parametrize("case", BROKEN_WATCHES)
def test_whatever_breaks_a_watch_is_followed_by_a_new_list(case: str) -> None:
    async def scenario(server: FakeApiServer) -> None:
        server.write("nodes", node("one"))
        server.answer_next("watch", "nodes", BROKEN_WATCHES[case])
        async with following(server) as seen:
            await seen.until_watching()
            server.write("nodes", node("one", "reclaimed"), is_told=False)
            await seen.until_watching(times=2)
            assert seen.copy.taint_of("one") == "reclaimed"
            assert server.count("list", "nodes") >= 2

    _run(scenario)


ODD_LISTS: dict[str, Answer] = {
    "HTML with status 200": answering("<html>sign in</html>", "text/html"),
    "items: null": answering('{"metadata": {"resourceVersion": "900"}, "items": null}'),
    "no items": answering('{"metadata": {"resourceVersion": "900"}}'),
    "items of other shapes": answering('{"metadata": {"resourceVersion": "900"}, "items": [1, null, "a"]}'),
    "items without metadata": answering('{"metadata": {"resourceVersion": "900"}, "items": [{}]}'),
    "items whose name is a number": answering(
        '{"metadata": {"resourceVersion": "900"}, "items": [{"metadata": {"name": 1, "resourceVersion": "2"}}]}'
    ),
    "no version": answering('{"metadata": {}, "items": []}'),
    "a version that is no number": answering('{"metadata": {"resourceVersion": "new"}, "items": []}'),
    "null": answering("null"),
    "a number": answering("7"),
    "half of an answer": answering('{"metadata": {"resourceVersion": "900"}, "items": ['),
    "deeper than can be read": answering("[" * 100_000),
    "HTTP 500": refusing(500),
    "HTTP 403": refusing(403),
    "HTTP 429": refusing(429),
    "HTTP 410": refusing(410),
}


@pytest.mark.parametrize("case", ODD_LISTS)
def test_an_odd_answer_to_a_list_changes_nothing_and_is_asked_for_again(case: str) -> None:
    async def scenario(server: FakeApiServer) -> None:
        server.write("nodes", node("one"))
        async with following(server) as seen:
            await seen.until_watching()
            server.answer_next("list", "nodes", ODD_LISTS[case])
            seen.reflector.ask_for_list()
            await server.until(lambda: server.count("list", "nodes") == 2)
            assert seen.copy.taint_of("one") == "none"
            server.write("nodes", node("two"), is_told=False)
            await seen.until(lambda: seen.copy.taint_of("two") == "none")
            assert seen.copy.taint_of("one") == "none"

    _run(scenario)


def test_a_list_that_is_cut_off_changes_nothing() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"metadata": {"resourceVersion": "900"}, "items": []')
        assert request.transport is not None
        request.transport.close()
        return response

    async def scenario(server: FakeApiServer) -> None:
        server.write("nodes", node("one"))
        async with following(server) as seen:
            await seen.until_watching()
            server.answer_next("list", "nodes", cut)
            seen.reflector.ask_for_list()
            await server.until(lambda: server.count("list", "nodes") == 3)
            assert seen.copy.taint_of("one") == "none"

    _run(scenario)


def _restore(server: FakeApiServer, version: int, **nodes: str) -> None:
    """Put the server's data back to an earlier state."""
    server.version = version
    server.objects["nodes"].clear()
    for name, taint in nodes.items():
        restored = node(name, taint)
        restored["metadata"]["uid"] = f"uid-of-{name}"
        server.write("nodes", restored, is_told=False)


def test_a_restore_of_etcd_is_found_when_the_watch_ends_and_replaces_everything() -> None:
    async def scenario(server: FakeApiServer) -> None:
        _restore(server, 9000, one="late", gone="late")
        async with following(server) as seen:
            await seen.until_watching()
            _restore(server, 4000, one="early")
            server.tell("nodes", None)
            await seen.until(lambda: seen.copy.taint_of("one") == "early")
            assert seen.copy.taint_of("gone") is None
            await seen.until_watching(times=2)
            server.write("nodes", {**node("one", "reclaimed"), "metadata": {"name": "one", "uid": "another"}})
            await seen.until(lambda: seen.copy.taint_of("one") == "reclaimed")

    _run(scenario)


def test_a_restore_of_etcd_is_found_by_a_bookmark() -> None:
    async def scenario(server: FakeApiServer) -> None:
        _restore(server, 9000, one="late")
        async with following(server) as seen:
            await seen.until_watching()
            _restore(server, 4000, one="early")
            server.tell("nodes", {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "4001"}}})
            await seen.until(lambda: seen.copy.taint_of("one") == "early")

    _run(scenario)


def test_a_watch_that_ends_as_usual_goes_on_where_it_was_and_misses_nothing() -> None:
    async def scenario(server: FakeApiServer) -> None:
        server.write("nodes", node("one"))
        async with following(server) as seen:
            await seen.until_watching()
            listed = server.version
            server.tell("nodes", {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(listed)}}})
            server.tell("nodes", None)
            server.write("nodes", node("one", "reclaimed"), is_told=False)
            await seen.until(lambda: seen.copy.taint_of("one") == "reclaimed")
            lists = [query for verb, _, query in server.requests if verb == "list"]
            assert [query["limit"] for query in lists] == ["250", "1"]

    _run(scenario)


def test_an_api_server_that_is_down_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(server: FakeApiServer) -> None:
        server.answer_next("list", "nodes", refusing(503, "busy"), refusing(503, "busy"), refusing(503, "busy"))
        async with following(server) as seen:
            await seen.until_watching()

    with caplog.at_level(logging.WARNING):
        _run(scenario)
    assert [record.message for record in caplog.records] == ["watch of nodes broke, listing again: busy (HTTP 503)"]


def test_pages_become_smaller_where_objects_are_large_and_nothing_is_missed() -> None:
    async def scenario(server: FakeApiServer) -> None:
        for number in range(40):
            large: dict[str, Any] = node(f"n{number:02}")
            large["metadata"]["annotations"] = {"large": "x" * 400_000}
            server.write("nodes", large)
        async with server.client() as client:
            found = [item["metadata"]["name"] async for page in client.pages(Selection(NODE)) for item in page.items]
        assert found == [f"n{number:02}" for number in range(40)]
        sizes = {int(query["limit"]) for _, _, query in server.requests}
        assert max(sizes) == 250
        assert min(sizes) < 10

    _run(scenario)


def test_an_object_that_is_larger_than_any_can_be_is_an_error() -> None:
    async def scenario(server: FakeApiServer) -> None:
        huge = node("one")
        huge["metadata"]["annotations"] = {"large": "x" * 5_000_000}
        server.write("nodes", huge)
        async with server.client() as client:
            with pytest.raises(ApiError, match="more than"):
                [page async for page in client.pages(Selection(NODE))]

    _run(scenario)


def test_what_can_be_listed_and_not_watched_is_listed_at_growing_intervals() -> None:
    async def scenario() -> None:
        api = FakeKubernetes()
        api.refused_watches = ApiError(500, "etcdserver: request timed out")
        nodes = _Nodes()
        reflector = Reflector(api, Selection(NODE), nodes, relist_seconds=_LONG)
        times: list[float] = []
        nodes.on_list = lambda: times.append(asyncio.get_running_loop().time())
        running = asyncio.create_task(reflector.run())
        await asyncio.sleep(600)
        intervals = [round(later - earlier, 1) for earlier, later in pairwise(times)]
        assert intervals[:5] == [0.1, 0.2, 0.4, 0.8, 1.6]
        assert set(intervals[9:]) == {30.0}
        api.refused_watches = None
        await asyncio.sleep(_LONG)
        assert not running.done()
        running.cancel()

    virtual_time.run(scenario())

"""Calls to an API server that answers some of them, and not others."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio import client as kubernetes_client

from presto_operator.kube import NODE, ApiError, KubernetesClient


def test_answers_that_the_api_server_waits_for_hold_up_no_other_call() -> None:
    """As with coordinators that hang: more of them than a client has connections."""

    async def scenario() -> None:
        configuration = kubernetes_client.Configuration()
        hanging = configuration.connection_pool_maxsize + 20
        asked = 0
        all_connections_are_taken = asyncio.Event()
        over = asyncio.Event()

        async def hang(request: web.Request) -> web.Response:
            nonlocal asked
            asked += 1
            if asked == configuration.connection_pool_maxsize:
                all_connections_are_taken.set()
            await over.wait()
            return web.json_response({})

        async def node(request: web.Request) -> web.Response:
            return web.json_response({"kind": "Node"})

        application = web.Application()
        application.router.add_get("/api/v1/namespaces/{namespace}/services/{service}/proxy/{path:.*}", hang)
        application.router.add_get("/api/v1/nodes/{name}", node)
        async with TestServer(application) as server:
            configuration.host = str(server.make_url("/")).rstrip("/")
            client = KubernetesClient(configuration, in_cluster=False)
            polls = [
                asyncio.create_task(client.get_through_service("analytics", f"presto-{number}", 8080, "/", 1000))
                for number in range(hanging)
            ]
            await all_connections_are_taken.wait()
            answer = await asyncio.wait_for(client.get(NODE, None, "spot-1"), timeout=2)
            assert answer == {"kind": "Node"}
            assert not any(poll.done() for poll in polls)
            over.set()
            await asyncio.gather(*polls, return_exceptions=True)
            await client.close()

    asyncio.run(scenario())


def test_an_answer_through_the_proxy_is_bounded() -> None:
    async def scenario() -> None:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(body=b"x" * int(request.match_info["size"]))

        application = web.Application()
        application.router.add_get("/api/v1/namespaces/{namespace}/{kind}/{name}/proxy/{size}", answer)
        configuration = kubernetes_client.Configuration()
        async with TestServer(application) as server:
            configuration.host = str(server.make_url("/")).rstrip("/")
            client = KubernetesClient(configuration, in_cluster=False)
            assert await client.get_through_service("analytics", "adhoc", 8080, "/1000", 1000) == b"x" * 1000
            assert await client.get_through_pod("analytics", "adhoc-1", 8080, "/1000", 1000) == b"x" * 1000
            with pytest.raises(ApiError, match="more than 1000 bytes") as raised:
                await client.get_through_service("analytics", "adhoc", 8080, "/10000000", 1000)
            assert raised.value.status == 413
            await client.close()

    asyncio.run(scenario())

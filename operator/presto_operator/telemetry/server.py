"""`/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from presto_operator.telemetry import metrics


async def serve(port: int, *, is_healthy: Callable[[], bool], is_ready: Callable[[], bool]) -> web.AppRunner:
    """Serve on all addresses; the caller has to clean up the returned runner.

    Raises:
        OSError: the port is taken.
    """

    async def healthz(_: web.Request) -> web.Response:
        return _answer(ok=is_healthy())

    async def readyz(_: web.Request) -> web.Response:
        return _answer(ok=is_ready())

    async def show_metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application()
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", show_metrics)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, port=port).start()
    return runner


def _answer(*, ok: bool) -> web.Response:
    return web.Response(text="ok\n") if ok else web.Response(status=503, text="not ok\n")

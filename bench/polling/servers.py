"""Coordinators and workers that answer as Presto 0.287 does, each cluster at a loopback address of its own."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

PORT = 18_087

_CLUSTER = {
    "runningQueries": 8,
    "blockedQueries": 1,
    "queuedQueries": 4,
    "activeWorkers": 10,
    "runningDrivers": 300,
    "runningTasks": 90,
    "reservedMemory": 1.5e9,
    "totalInputRows": 10_000_000,
    "totalInputBytes": 10_000_000_000,
    "totalCpuTimeSecs": 5_000,
    "adjustedQueueSize": 0,
}
_QUERY = {
    "queryId": "20261124_213822_00004_99mym",
    "queryState": "RUNNING",
    "resourceGroupId": ["adhoc"],
    "query": "s",
    "queryTruncated": True,
    "createTime": "2026-11-24T21:38:23.913Z",
    "user": "somebody",
    "authenticated": False,
    "source": "bench",
    "catalog": "hive",
    "schema": "sales",
    "progress": {
        "elapsedTimeMillis": 138_547,
        "queuedTimeMillis": 157,
        "executionTimeMillis": 93_859,
        "cpuTimeMillis": 738,
        "scheduledTimeMillis": 95_139,
        "currentMemoryBytes": 0,
        "peakMemoryBytes": 0,
        "peakTotalMemoryBytes": 108,
        "cumulativeUserMemory": 0.0,
        "inputRows": 388_619,
        "inputBytes": 4,
        "blocked": False,
        "progressPercentage": 47.4,
        "queuedDrivers": 0,
        "runningDrivers": 2,
        "completedDrivers": 18,
    },
    "warningCodes": [],
}
_QUERIES = [*({**_QUERY} for _ in range(9)), *({**_QUERY, "queryState": "QUEUED"} for _ in range(4))]
_GROUP = {"id": ["adhoc"], "numRunningQueries": 9, "hardConcurrencyLimit": 9, "subGroups": []}
_STATUS = {"nodeId": "worker", "processors": 16, "processCpuLoad": 0.4, "systemCpuLoad": 0.5, "heapUsed": 512_604_192}

_ANSWERS = {
    "/v1/cluster": json.dumps(_CLUSTER).encode(),
    "/v1/queryState": json.dumps(_QUERIES).encode(),
    "/v1/resourceGroupState/adhoc": json.dumps(_GROUP).encode(),
    "/v1/status": json.dumps(_STATUS).encode(),
}


def address(number: int) -> str:
    """Where the cluster of this number is."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def _handler(hanging: int) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    silent = {address(number) for number in range(hanging)}

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.url.host in silent:
            await asyncio.sleep(60)
        return web.Response(body=_ANSWERS[request.path], content_type="application/json")

    return handle


async def _serve(hanging: int) -> None:
    runner = web.ServerRunner(web.Server(_handler(hanging), access_log=None))
    await runner.setup()
    # All of 127.0.0.0/8 is this machine, so one socket is every cluster.
    await web.TCPSite(runner, "0.0.0.0", PORT, backlog=2048).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hanging", type=int, default=0)
    asyncio.run(_serve(parser.parse_args().hanging))

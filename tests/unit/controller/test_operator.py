"""The whole operator, kopf included, against an API server over HTTP that has bad days."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from presto_operator import controller
from presto_operator.settings import Settings
from tests.unit.fake_api_server import Answer, FakeApiServer, answering, refusing, write_kubeconfig
from tests.unit.manifest import manifest

CHILDREN = ("configmaps", "services", "serviceaccounts", "poddisruptionbudgets", "networkpolicies", "deployments")
WATCHED = (*CHILDREN, "pods", "nodes", "prestoclusters")
SETTINGS = Settings(reconcile_interval=timedelta(milliseconds=100), status_interval=timedelta(milliseconds=100))


class Running:
    """An operator that runs in this process, and the API server that it uses."""

    def __init__(self, server: FakeApiServer, task: asyncio.Task[None], port: int) -> None:
        self.server = server
        self.task = task
        self._port = port

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text of one of the operator's endpoints."""
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self._port}{path}") as answer:
            return answer.status, await answer.text()

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.server.until(condition, within_seconds=30)
        assert not self.task.done()

    async def until_watching(self, times: int = 1) -> None:
        """Wait until every kind was watched so many times."""
        await self.until(lambda: all(self.server.count("watch", plural) >= times for plural in WATCHED))

    def status(self, name: str = "adhoc") -> dict[str, Any]:
        found: dict[str, Any] = self.server.objects["prestoclusters"]["analytics", name].get("status", {})
        return found


@contextlib.asynccontextmanager
async def running(server: FakeApiServer, directory: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Running]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with server.running() as url:
        kubeconfig = write_kubeconfig(directory, url)
        # Each library has read the environment when it was imported.
        for library in ("kubernetes.config.kube_config", "kubernetes.aio.config.kube_config"):
            monkeypatch.setattr(f"{library}.KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig))
        task = asyncio.create_task(controller.run(metrics_port=port, settings=SETTINGS))
        try:
            yield Running(server, task, port)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


Scenario = Callable[[Running], Awaitable[None]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Scenario], None]:
    """Runs a scenario with an operator that manages one cluster."""

    async def with_operator(scenario: Scenario) -> None:
        server = FakeApiServer()
        crd = {"metadata": {"name": "prestoclusters.prestooperator.io"}}
        server.write("customresourcedefinitions", crd)
        server.write("nodes", {"metadata": {"name": "one"}, "spec": {}, "status": {}})
        server.write("prestoclusters", manifest())
        async with running(server, tmp_path, monkeypatch) as operator:
            await scenario(operator)

    return lambda scenario: asyncio.run(with_operator(scenario))


def error_event(code: int) -> Answer:
    return answering(json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": code, "message": "no"}}) + "\n")


BAD_DAYS: dict[str, Callable[[], Answer]] = {
    "error event 500": lambda: error_event(500),
    "error event 403": lambda: error_event(403),
    "HTTP 403": lambda: refusing(403),
    "HTTP 500": lambda: refusing(500),
    "HTML": lambda: answering("<html>\n", "text/html"),
}


@pytest.mark.parametrize("case", BAD_DAYS)
def test_a_broken_watch_of_any_kind_ends_nothing(run: Callable[[Scenario], None], case: str) -> None:
    async def scenario(operator: Running) -> None:
        for plural in (*WATCHED, "customresourcedefinitions"):
            operator.server.answer_next("watch", plural, BAD_DAYS[case]())
        await operator.until_watching(times=2)
        operator.server.write("prestoclusters", manifest(name="another"))
        await operator.until(lambda: bool(operator.status("another")))
        assert (await operator.get("/readyz"))[0] == 200
        assert (await operator.get("/healthz"))[0] == 200

    run(scenario)


def test_children_are_applied_and_secrets_never_listed_and_config_maps_never_read(
    run: Callable[[Scenario], None],
) -> None:
    async def scenario(operator: Running) -> None:
        await operator.until(lambda: bool(operator.status()))
        await operator.until_watching()
        assert operator.server.count("list", "secrets") + operator.server.count("watch", "secrets") == 0
        of_config_maps = [accept for verb, plural, accept in operator.server.accepted if plural == "configmaps"]
        reads = [accept for accept in of_config_maps if "PartialObjectMetadata" in accept]
        writes = operator.server.count("PATCH", "configmaps")
        assert len(reads) + writes == len(of_config_maps)
        _, shown = await operator.get("/metrics")
        for kind in ("ConfigMap", "Deployment", "Node", "Pod", "PrestoCluster"):
            assert f'presto_operator_watch_age_seconds{{kind="{kind}"}}' in shown

    run(scenario)


def test_an_operator_waits_for_an_api_server_that_is_down(run: Callable[[Scenario], None]) -> None:
    async def scenario(operator: Running) -> None:
        for plural in ("prestoclusters", "pods"):
            operator.server.answer_next("list", plural, answering("<html>", "text/html"))
        await operator.until(lambda: operator.server.count("list", "prestoclusters") >= 1)
        assert (await operator.get("/readyz"))[0] == 503
        await operator.until_watching()
        assert (await operator.get("/readyz"))[0] == 200

    run(scenario)
